"""What serverless.yml and its parts declare, so that tests hold it against the code."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


class _Loader(yaml.SafeLoader):
    """Takes CloudFormation's short functions for what they are called with."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: node.value)


def declared(*path: str) -> dict[str, Any]:
    """The content of a YAML file of the checkout."""
    with ROOT.joinpath(*path).open() as file:
        return dict(yaml.load(file, _Loader))  # noqa: S506  a safe loader, with more tags


def functions() -> dict[str, dict[str, Any]]:
    """The functions, by their key."""
    return dict(declared("serverless.yml")["functions"])
