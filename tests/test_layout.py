"""The shape of the project: who imports whom, what is deployed how, and what may happen where."""

import ast
import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from tests.declarations import ROOT, declared, functions

DEPLOYED = ("core", "rag", "vdr", "search", "websocket", "api", "operations")
QUEUES = declared("serverless", "queues.yml")["Resources"]
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def events(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every event of a kind with the key of its function."""
    for key, function in functions().items():
        for event in function.get("events", []):
            if isinstance(event, dict) and kind in event:
                yield key, event[kind]


def names(file: Path) -> set[str]:
    """Every dotted name that a file uses or imports."""
    tree = ast.parse(file.read_text())
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def users(*wanted: str) -> set[str]:
    """The deployed files that use one of these names, or anything below them."""
    return {
        str(file.relative_to(ROOT))
        for file in sources(*DEPLOYED)
        if any(name == one or name.startswith(f"{one}.") for name in names(file) for one in wanted)
    }


@pytest.mark.parametrize("key", functions())
def test_every_handler_can_be_imported(key: str) -> None:
    module, name = functions()[key]["handler"].replace("/", ".").rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))


def test_imports_point_down() -> None:
    done = subprocess.run(  # noqa: S603
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_websocket_is_our_package() -> None:
    found = importlib.util.find_spec("websocket")
    assert found is not None
    assert found.origin == str(ROOT / "websocket" / "__init__.py")
    with pytest.raises(PackageNotFoundError):
        distribution("websocket-client")
    for file in [*REQUIREMENTS, ROOT / "constraints.txt"]:
        assert "websocket-client" not in {line.partition("==")[0] for line in file.read_text().splitlines()}


def test_only_the_settings_read_the_environment() -> None:
    assert users("os.environ", "os.getenv") == {"core/settings.py"}


def test_only_one_module_makes_aws_clients() -> None:
    assert users("boto3") == {"core/aws.py"}


def test_only_one_module_starts_processes() -> None:
    starters = ("subprocess", "multiprocessing", "pty", "os.system", "os.popen", "os.fork", "os.posix_spawn")
    assert users(*starters) == {"core/child.py"}


def test_functions_report_failed_messages_one_by_one() -> None:
    mappings = [*events("sqs"), *events("stream")]
    assert len(mappings) == 4
    assert {key for key, event in mappings if event.get("functionResponseType") != "ReportBatchItemFailures"} == set()


def test_a_message_comes_back_only_when_its_worker_surely_ended() -> None:
    for key, event in events("sqs"):
        queue = QUEUES[event["arn"].split(".")[0]]["Properties"]
        assert queue["VisibilityTimeout"] >= 6 * functions()[key]["timeout"]


def test_every_queue_has_a_dead_letter_queue_that_keeps_longer() -> None:
    main = {name: item["Properties"] for name, item in QUEUES.items() if "RedrivePolicy" in item["Properties"]}
    assert len(main) == len([item for item in QUEUES.values() if item["Type"] == "AWS::SQS::Queue"]) / 2
    for queue in main.values():
        dead = QUEUES[queue["RedrivePolicy"]["deadLetterTargetArn"].split(".")[0]]["Properties"]
        assert queue["RedrivePolicy"]["maxReceiveCount"] == Settings().max_receive_count
        assert dead["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_requirement_is_pinned_and_explained(file: Path) -> None:
    for line in file.read_text().splitlines()[1:]:
        requirement, _, reason = line.partition("#")
        assert "==" in requirement, line
        assert reason.strip(), line


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def pins(file: str) -> dict[str, str]:
    """The versions that a file of requirements pins, by the normalised name of each package."""
    lines = (ROOT / file).read_text().splitlines()
    found = [line.split("#")[0].split(";")[0].strip(" \\").partition("==") for line in lines if "==" in line]
    return {name.split("[")[0].lower().replace("_", "-").replace(".", "-"): version for name, _mark, version in found}


def test_what_is_installed_is_locked_by_hashes() -> None:
    locked = pins("requirements.lock")
    assert {**pins("requirements.txt"), **pins("requirements-local.txt")}.items() <= locked.items()
    assert locked.items() <= pins("constraints.txt").items()
    entries = [entry for entry in (ROOT / "requirements.lock").read_text().split("\n") if "==" in entry]
    assert all(entry.endswith("\\") for entry in entries), "an entry without a hash"
