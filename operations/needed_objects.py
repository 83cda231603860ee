"""Needed objects: what must lie in the derived bucket for a version that searches see, and what of it is gone. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from operations.drift import Code, Finding

MOST_NAMED = 10  #: parts or pages in a finding


@dataclass(frozen=True, kw_only=True)
class NeededObjects:
    """The derived objects of a document's current version."""

    document_id: str
    generation: int
    parts: Sequence[int]  #: whose text lies there, for hits to be shown in their surroundings
    pages: Sequence[int]  #: whose images lie there, in both sizes

    def missing(self, names: Collection[str]) -> str:
        """What is gone when only objects of these names are there, for people; empty: nothing."""
        parts = [part for part in self.parts if f"text/{part:05}.json.gz" not in names]
        pages = [
            page for page in self.pages if not {f"pages/{page:05}.webp", f"pages/{page:05}.small.webp"}.issubset(names)
        ]
        found = []
        if parts:
            found.append(f"the text of {_named('part', parts)}")
        if pages:
            found.append(f"images of {_named('page', pages)}")
        return " and ".join(found)

    def finding(self, missing: str) -> Finding:
        """The finding that so much is missing."""
        found = f"generation {self.generation} lacks {missing}; process its file again with force"
        return Finding(code=Code.DERIVED_MISSING, document_id=self.document_id, found=found)


def _named(kind: str, numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:MOST_NAMED]))
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return f"{kind}{'s' * (len(numbers) > 1)} {named}{more}"
