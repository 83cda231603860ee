"""Legacy owners: which principal here gets a document of the legacy table. Nobody is made up who could never log in."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core import principals
from core.errors import RagError
from operations.legacy_rows import LegacyDocument

#: A user by the `sub` of the user pool, which is never an e-mail address, or a group whose name is one segment of a key
PRINCIPAL = re.compile(r"user:[A-Za-z0-9_-]+|group:[!-.0-\[\]-~]+")
S3_ADDRESS = re.compile(r"s3://[^/]+/")
FORMS = "user:<sub> or group:<name>"


class NotPlacedError(RagError):
    """A document cannot go anywhere; the message says why, and what may be done."""


class OwnersError(RagError):
    """What the operator says of owners is wrong; the message says where."""


@dataclass(frozen=True)
class Owners:
    """Whom a document belongs to here."""

    every: str = ""  #: the principal that gets every document; empty: as the table has it
    renamed: Mapping[str, str] = field(default_factory=dict)  #: what the table calls an owner → its principal here

    def of(self, document: LegacyDocument) -> str:
        """The principal, by the table's owner, else the first segment of the document's name.

        Raises NotPlacedError when that is nobody, or no principal.
        """
        if self.every:
            return self.every
        first, slash, _ = path_of(document).partition("/")
        name = document.owner.strip() or (first.strip() if slash else "")
        if not name:
            raise NotPlacedError("no owner (--owner, --owners, --owner-column)")
        principal = self.renamed.get(name) or principals.of_name(name)
        if not PRINCIPAL.fullmatch(principal):
            raise NotPlacedError(f"its owner {name!r} is not {FORMS}: --owners says who that is here")
        return principal


def path_of(document: LegacyDocument) -> str:
    """The document's name; of an address in S3 what follows the bucket."""
    return S3_ADDRESS.sub("", document.name, count=1) if document.name.startswith("s3://") else document.name


def given(every: str, file: Path | None) -> Owners:
    """The owners that the operator names: one for all, or a CSV file, old name and principal; raises OwnersError."""
    if every and not PRINCIPAL.fullmatch(every):
        raise OwnersError(f"--owner {every}: {FORMS} is wanted; a sub is no e-mail address")
    return Owners(every, _read(file) if file else {})


def _read(file: Path) -> dict[str, str]:
    """What the table calls an owner, and the principal here; lines without anything are nothing."""
    renamed: dict[str, str] = {}
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:  # spreadsheets put a byte order mark first
            reader = csv.reader(lines)
            for row in reader:
                cells = [cell.strip() for cell in row]
                if any(cells):
                    _add(renamed, cells, f"{file}, line {reader.line_num}")
    except (OSError, UnicodeError, csv.Error) as error:
        raise OwnersError(f"{file} cannot be read: {error}") from error
    return renamed


def _add(renamed: dict[str, str], cells: list[str], place: str) -> None:
    if len(cells) != 2 or not cells[0]:
        raise OwnersError(f"{place}: two columns are wanted, old name and principal")
    old, principal = cells
    if not PRINCIPAL.fullmatch(principal):
        raise OwnersError(f"{place}: {principal!r} is not {FORMS}; a sub is no e-mail address")
    if renamed.setdefault(old, principal) != principal:
        raise OwnersError(f"{place}: {old} has another principal further up")
