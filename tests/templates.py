"""The compiled CloudFormation template of a stage, as `osls package` makes it without an account.

It depends on what is declared and on the layers, so it is kept under build/ until one of them changes.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from layers.target import PYTHON
from tests.declarations import ROOT
from tests.osls import osls

KEPT = ROOT / "build" / "templates"

#: All that can be switched on, where the stage's own settings switch nothing on; and the other way out of a network
EVERYTHING = {
    "database": "create",
    "databaseAccess": "proxy",
    "users": "existing",
    "tracing": "Active",
    "kmsKey": "arn:aws:kms:eu-west-1:111122223333:key/1",
    "deletionProtection": "true",
}
BEHIND_NAT = {"database": "create", "network": "nat"}


@dataclass(frozen=True)
class Template:
    """A compiled template."""

    content: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources by logical id."""
        return dict(self.content["Resources"])

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The template's own parameters by name."""
        return dict(self.content["Parameters"])

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The properties of every resource of a type, by logical id; ``AWS::`` may be left out."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"].removeprefix("AWS::") == kind.removeprefix("AWS::")
        }

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of the declared functions, by their key in serverless.yml."""
        return {
            properties["FunctionName"].split("-", 4)[-1]: properties
            for properties in self.of("Lambda::Function").values()
            if "FunctionName" in properties
        }

    def statements(self, role: str) -> Iterator[dict[str, Any]]:
        """The statements of a role's own policies."""
        for policy in self.resources[role]["Properties"].get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]


@cache
def compiled(**params: str) -> Template:
    """The template of stage dev, with these parameters of serverless/params.yml in place of the stage's own."""
    options = [part for name, value in sorted(params.items()) for part in ("--param", f"{name}={value}")]
    kept = KEPT / f"{_digest(options)}.json"
    if not kept.exists():
        _package(options, kept)
    return Template(json.loads(kept.read_text()))


def _digest(options: list[str]) -> str:
    """What the template depends on, in short."""
    files = [ROOT / "serverless.yml", ROOT / "package-lock.json"]
    files += [*ROOT.glob("serverless/**/*.*"), *ROOT.glob(f"build/layers/python{PYTHON}-*/layers.json")]
    digest = hashlib.sha256(json.dumps(options).encode())
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _package(options: list[str], kept: Path) -> None:
    """Compile the template into a file."""
    KEPT.mkdir(parents=True, exist_ok=True)
    folder = kept.with_suffix(".package")
    with (ROOT / "node_modules" / ".osls.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # it packs in a folder of the checkout, one after the other
        osls("package", "--stage", "dev", "--package", str(folder), *options)
    (folder / "cloudformation-template-update-stack.json").rename(kept)
    shutil.rmtree(folder)
