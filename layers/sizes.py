"""Checks that Lambda will take what was packaged: `python -m layers.sizes build/dev`, after `serverless package`.

Limits of AWS Lambda ("Lambda quotas" in its guide): a function's zip file and its layers together, unpacked.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layers import archive
from layers.build import described
from layers.target import Target

LIMIT = 262_144_000  #: bytes, unpacked
CODE = "amplify-rag-async.zip"


@dataclass(frozen=True)
class Package:
    """What one zip function is made of."""

    function: str
    code: int  #: bytes, unpacked
    layers: dict[str, int]  #: bytes of each, unpacked

    @property
    def total(self) -> int:
        return self.code + sum(self.layers.values())


def packages(folder: Path) -> Iterator[Package]:
    """The zip functions of the packaged stage in the folder; raises KeyError when its layers are not those built."""
    resources = json.loads((folder / "cloudformation-template-update-stack.json").read_text("utf-8"))["Resources"]
    code = archive.unzipped_bytes(folder / CODE)
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Function" and properties.get("PackageType") != "Image":
            layers = [_layer(resources[layer["Ref"]]["Properties"]) for layer in properties["Layers"]]
            yield Package(properties["FunctionName"], code, dict(layers))


def _layer(properties: dict[str, Any]) -> tuple[str, int]:
    """A layer's name and size; its content is known by the digest in its key."""
    target = Target(
        properties["CompatibleRuntimes"][0].removeprefix("python"), properties["CompatibleArchitectures"][0]
    )
    name, _, sha256 = Path(properties["Content"]["S3Key"]).stem.partition("-")
    built = {layer.sha256: layer for layer in described(target).values()}
    return name, built[sha256].unzipped


def main() -> None:
    found = list(packages(Path(sys.argv[1])))
    for package in found:
        parts = ", ".join(f"{name} {size / 1e6:.1f}" for name, size in {"code": package.code, **package.layers}.items())
        print(f"{package.function}: {package.total / 1e6:.1f} of {LIMIT / 1e6:.1f} MB ({parts})")  # noqa: T201
    too_big = [package.function for package in found if package.total > LIMIT]
    if too_big:
        raise SystemExit(f"too big for a zip function: {', '.join(too_big)}")


if __name__ == "__main__":
    main()
