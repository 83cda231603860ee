"""Costs: what one document, and what a month of the caller's documents has cost."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import call
from api.cost_models import (
    MONTH_PATTERN,
    DocumentCost,
    FunctionCost,
    MonthCost,
    OwnerCost,
    OwnerCosts,
    PriceList,
    VersionCost,
)
from api.identity import DocumentId
from core.cost import costs, ledger
from core.cost.costs import Entry, Sum
from core.cost.ledger_place import LedgerPlace
from core.cursors import CursorError

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

TAGS = ["costs"]
MOST_ENTRIES = 20_000  #: that one answer sums up: a few seconds

Month = Annotated[
    str | None, Query(pattern=MONTH_PATTERN, description="`2026-11`, by UTC; left out: the present month")
]
Cursor = Annotated[str | None, Query(max_length=4096, description="`nextCursor` of the page before")]


@router.get(
    "/v2/documents/<documentId>/cost", tags=TAGS, summary="Get a document's cost", operation_id="getDocumentCost"
)
def get_document_cost(document_id: DocumentId) -> DocumentCost:
    """What every call of a function has spent on the document; the cost of asking for it is not in it."""
    caller = call.current(router)
    status = caller.document(document_id)
    now = datetime.now(UTC)
    first = ledger.month_of(datetime.fromisoformat(status.created_at))
    months = [month for month in ledger.months_kept(now) if month >= first]
    entries = list(caller.services.ledger.of_document(status.owner, status.document_id, months))
    total = Sum.of(entries)
    return DocumentCost.of(
        total,
        document_id=status.document_id,
        status_id=status.status_id,
        functions=[FunctionCost.of(each, function=name) for name, each in costs.sums(entries, "function").items()],
        versions=[VersionCost.of(each, generation=name) for name, each in costs.sums(entries, "generation").items()],
        months=[MonthCost.of(each, month=name) for name, each in costs.sums(entries, "month").items()],
        used=total.used,
        storage_usd_a_month=costs.usd(costs.storage_a_month(total.used)),
        prices=PriceList(),
    )


@router.get("/v2/cost", tags=TAGS, summary="Sum up the costs of a month", operation_id="getCost")
def get_cost(month: Month = None, cursor: Cursor = None) -> OwnerCosts:
    """What a month of the caller's own documents and of those of its groups has cost."""
    caller = call.current(router)
    chosen = month or ledger.month_of(datetime.now(UTC))
    owners = list(dict.fromkeys(caller.principals))
    place = LedgerPlace.decode(cursor) if cursor else LedgerPlace(owners[0], "")
    if cursor and not (place.owner in owners and place.period.startswith(ledger.prefix_of(chosen))):
        raise CursorError("the cursor is another caller's, or of another month")
    found: list[Entry] = []
    for owner in owners[owners.index(place.owner) :]:
        start = place if owner == place.owner else LedgerPlace(owner, "")
        entries, following = caller.services.ledger.of_owner(chosen, start, max(1, MOST_ENTRIES - len(found)))
        found += entries
        if following is not None:
            return owner_costs(chosen, found, following)
    return owner_costs(chosen, found, None)


def owner_costs(month: str, entries: Iterable[Entry], following: LedgerPlace | None) -> OwnerCosts:
    """The sums of a page of entries, and where the next page begins."""
    owners = [OwnerCost.of(each, owner=name, used=each.used) for name, each in costs.sums(entries, "owner").items()]
    return OwnerCosts(
        month=month, owners=owners, next_cursor=following.encode() if following else None, prices=PriceList()
    )
