"""`amplify-rag doctor` as an operator sees it."""

import json
from typing import Any

from tests.cli.conftest import Run
from tests.cli.service import Service


def finding(code: str, repair: str | None, repaired: bool = False) -> dict[str, Any]:
    return {
        "code": code,
        "store": "postgres",
        "documentId": "8c1b7a52-93a5-4b5e-9f0e-2c9f6c1d7e10",
        "found": "2 versions in PostgreSQL, and no status",
        "repair": repair,
        "repaired": repaired,
    }


def test_healthy_stores(service: Service, run: Run) -> None:
    service.doctor.slices = [[], []]
    result = run("doctor")
    assert (result.exit_code, result.stdout) == (0, "20 examined, 0 findings, 0 repaired\n")
    assert service.doctor.asked == [{"repair": False, "cursor": None}, {"repair": False, "cursor": "1"}]


def test_findings_fail_it_and_are_named(service: Service, run: Run) -> None:
    service.doctor.slices = [[finding("rows_without_document", "removes them")], [finding("upload_missing", None)]]
    result = run("doctor")
    assert result.exit_code == 1
    assert "2 findings, 0 repaired" in result.stdout
    for word in ("rows_without_document", "removes them", "upload_missing", "none: this is for people"):
        assert word in result.stdout
    assert json.loads(run("doctor", "--json").stdout)["examined"] == 20


def test_it_fails_after_a_repair_only_when_something_is_left(service: Service, run: Run) -> None:
    service.doctor.slices = [[finding("rows_without_document", "removes them", repaired=True)]]
    assert run("doctor", "--repair").exit_code == 0
    assert service.doctor.asked[-1]["repair"] is True
    service.doctor.slices[0].append(finding("upload_missing", None))
    assert run("doctor", "--repair").exit_code == 1


def test_others_are_refused(service: Service, run: Run) -> None:
    service.dead_letters.is_operator = False
    result = run("doctor")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: Only members of the group operators may do this.\n"
