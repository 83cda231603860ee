"""What a month has cost, by owner; for operators."""

from datetime import UTC, datetime

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.cost_models import OwnerCosts
from api.costs import Cursor, Month, owner_costs
from core.cost import ledger
from core.cost.ledger_place import LedgerPlace
from operations import call

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

MOST_PAGES = 10  #: of a megabyte each that one answer looks through


@router.get("/v2/operations/cost", tags=["costs"], summary="Sum up a month by owner", operation_id="getOwnerCosts")
def get_owner_costs(month: Month = None, cursor: Cursor = None) -> OwnerCosts:
    """What a month has cost, by owner. A page may hold nobody and still not be the last."""
    caller = call.current(router)
    chosen = month or ledger.month_of(datetime.now(UTC))
    with caller.audited("sum up costs", month=chosen) as outcome:
        start = LedgerPlace.decode(cursor) if cursor else None
        entries, following = caller.services.ledger.of_all(chosen, start, MOST_PAGES)
        outcome.update(entries=len(entries), complete=following is None)
    return owner_costs(chosen, entries, following)
