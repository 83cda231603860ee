"""What the page model draws in: torch, and never torchvision beside it.

The torchvision of PyPI is built for CUDA; beside a torch for processors it breaks the import of every model.
"""

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def direct(file: Path) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def resolved(requirements: list[Requirement]) -> set[str]:
    """The names of the requirements and of all that they require, as far as they are installed."""
    waiting = list(requirements)
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        extras = requirement.extras or {""}
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        try:
            further = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        waiting += [Requirement(text) for text in further]
    return found


def test_torchvision_is_not_required_nor_installed() -> None:
    names = resolved([one for file in sorted(ROOT.glob("requirements*.txt")) for one in direct(file)])
    assert {"torch", "transformers", "jinja2", "scipy"} <= names
    assert "torchvision" not in names
    assert find_spec("torchvision") is None


def test_what_make_test_installs_includes_the_page_model() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    installing = next(line for line in makefile.splitlines() if "-r requirements-dev.txt" in line)
    assert "-r requirements-vdr.txt" in installing
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line)
    assert (pinned["torch"], "torchvision" in pinned) == ("2.13.0", False)
