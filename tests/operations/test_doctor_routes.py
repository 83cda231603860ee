"""Doctor over HTTP: for operators alone, slice by slice, as described."""

from pathlib import Path

import pytest

from operations import doctor_handler, doctor_services
from tests.operations.test_letter_routes import call
from tests.operations.test_openapi import conforms
from tests.operations.ward import Ward

PATH = "/v2/operations/doctor"


@pytest.fixture
def open_ward(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """A ward whose stores are those that this process's settings describe."""
    monkeypatch.setattr(doctor_services, "services", lambda: ward.doctor)
    return ward


def test_a_check_goes_on_from_slice_to_slice_and_mends(open_ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_handler, "SECONDS", 1e-9)  # a page a call
    open_ward.put("lost.txt")
    for repair in (False, True):
        findings, cursor, slices = [], None, 0
        while slices == 0 or cursor:
            reply = call(open_ward, "POST", PATH, {"repair": repair, "cursor": cursor})
            assert conforms(reply, "post", PATH)
            findings += reply.body["findings"]
            cursor, slices = reply.body["cursor"], slices + 1
        assert slices >= 9
        assert [(each["code"], each["repaired"]) for each in findings] == [("upload_not_taken_in", repair)]
        assert "lost.txt" not in str(findings)
    open_ward.entry_works()
    open_ward.work_all()
    assert call(open_ward, "POST", PATH, {}).body["findings"] == []


def test_nobody_but_operators_may_check(open_ward: Ward) -> None:
    refused = call(open_ward, "POST", PATH, {"repair": True}, groups="[finance]")
    assert (refused.status, refused.body["code"]) == (403, "not_an_operator")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"cursor": "no cursor"}, "invalid_cursor"),
        ({"cursor": 7}, "invalid_request"),
        ({"repair": "yes"}, "invalid_request"),
        ({"grace": 0}, "invalid_request"),
    ],
)
def test_a_request_that_is_wrong(open_ward: Ward, body: dict[str, object], code: str) -> None:
    refused = call(open_ward, "POST", PATH, body)
    assert (refused.status, refused.body["code"]) == (400, code)


def test_the_secret_of_its_role_is_readable_by_no_other_function() -> None:
    roles = Path(__file__).parents[2].joinpath("serverless", "roles.yml").read_text()
    assert roles.count("operationsDatabaseSecret") == 1
