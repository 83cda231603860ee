"""Legacy plan: under which key, and as whose, each document of the legacy table goes in, found before any does.

Two that would share a key are both left out: they would replace each other, and neither has the better claim. So it is
the same in every run, however documents are batched.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.upload_keys import object_key
from core import principals
from core.http import HttpError
from operations.legacy_owners import NotPlacedError, Owners, path_of
from operations.legacy_rows import LegacyDocument


@dataclass(frozen=True)
class Place:
    """Where a document goes."""

    owner: str  #: principal
    key: str


@dataclass(frozen=True)
class Plan:
    """All documents; each has a place, or a reason why it is left out."""

    documents: Sequence[LegacyDocument]
    places: Mapping[LegacyDocument, Place]
    reasons: Mapping[LegacyDocument, str]


def plan(documents: Sequence[LegacyDocument], owners: Owners) -> Plan:
    """The places of these documents, which must be all that the table has."""
    places: dict[LegacyDocument, Place] = {}
    reasons: dict[LegacyDocument, str] = {}
    for document in documents:
        try:
            places[document] = _place(document, owners)
        except NotPlacedError as error:
            reasons[document] = str(error)
    wanted = Counter(place.key for place in places.values())
    reasons |= {document: _shared(place, wanted) for document, place in places.items() if wanted[place.key] > 1}
    return Plan(documents, {each: place for each, place in places.items() if each not in reasons}, reasons)


def _place(document: LegacyDocument, owners: Owners) -> Place:
    """The document's place by itself: the key that an upload of that name has, once in its owner's folder."""
    owner = owners.of(document)
    name = path_of(document).removeprefix(principals.folder_of(owner) + "/")
    try:
        return Place(owner, object_key(owner, name))
    except HttpError as error:
        raise NotPlacedError(f"an upload may not be called that: {error}") from error


def _shared(place: Place, wanted: Counter[str]) -> str:
    return (
        f"{wanted[place.key]} documents would be {place.key!r}: let their owners be different principals (--owners),"
        " or have a view give them different names (--table)"
    )
