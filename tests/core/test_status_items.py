"""States as DynamoDB items and back."""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import generations
from core.contents import Content
from core.status import DocumentStatus
from core.status_items import decode, encode, event_body, event_item, owner_of, state_body, status_item, status_of
from tests.core.statuses import upload

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text() | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
CONTENT = Content(id="etag-10", etag="etag", size=10, md5="etag")


def state() -> DocumentStatus:
    return generations.begin(
        None,
        upload(content=CONTENT),
        "d1",
        "t0",
        routing={"text": 2, "why": ["größe", None, True]},
        total_pages=3,
        parts=2,
    )


@given(plain)
def test_values_survive(value: Any) -> None:
    assert decode(encode(value)) == value


def test_numbers_are_decimal_and_never_binary_fractions() -> None:
    assert encode({"seconds": 12.7, "ratio": Decimal("0.1"), "chunks": 3}) == {
        "M": {"seconds": {"N": "12.7"}, "ratio": {"N": "0.1"}, "chunks": {"N": "3"}}
    }
    assert encode([math.nan, math.inf]) == {"L": [{"NULL": True}, {"NULL": True}]}
    assert type(decode({"N": "3"})) is int


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        encode(b"text")
    with pytest.raises(TypeError, match="object"):
        encode({"a": object()})


def test_a_state_survives() -> None:
    assert status_of(status_item(state(), None)) == state()
    assert "ttl" not in status_item(state(), None)
    assert status_item(state(), 17)["ttl"] == {"N": "17"}


def test_a_state_of_an_earlier_release_has_no_content() -> None:
    item = status_item(state(), None)
    assert item.pop("content")
    assert status_of(item) == replace(state(), content=None)
    assert status_item(status_of(item), None) == item


def test_the_body_of_a_state_is_read_from_its_item() -> None:
    later = replace(state(), updated_at="t1")
    assert state_body(status_item(later, None)) == later.body()
    assert owner_of(status_item(later, None)) == "user:ann"


def test_an_event_is_the_body_of_its_state() -> None:
    item = event_item(state(), 17)
    assert event_body(item) == state().body()
    assert owner_of(item) == "user:ann"
    assert (item["ttl"], item["sequence"], item["documentId"]) == ({"N": "17"}, {"N": "1"}, {"S": "d1"})
