"""Both names of a document are understood, however often the way here encoded them."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity import identity

DOCUMENT_ID = "8c1b7a52-93a5-4b5e-9f0e-2c9f6c1d7e10"


def test_a_document_id_is_itself() -> None:
    assert identity(DOCUMENT_ID) == DOCUMENT_ID


@given(key=st.text(min_size=1).filter(lambda text: text.isprintable()), times=st.integers(0, 3))
def test_a_status_id_is_decoded_as_often_as_it_was_encoded(key: str, times: int) -> None:
    status_id = segment = f"bucket#{key}"
    for _ in range(times):
        segment = quote(segment, safe="")
    assert identity(segment) == status_id


@pytest.mark.parametrize("segment", ["%", "%zz", "100%25", "a%2Fb"])
def test_what_names_no_document_ends_somewhere(segment: str) -> None:
    assert "#" not in identity(segment)
