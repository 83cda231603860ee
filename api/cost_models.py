"""What the routes about costs answer."""

from typing import Annotated, Self

from pydantic import Field

from api.models import DOCUMENT_ID, STATUS_ID, Shape
from core.cost import costs, prices
from core.cost.costs import Sum

MONTH_PATTERN = "^[0-9]{4}-(0[1-9]|1[0-2])$"


class PriceList(Shape):
    """The prices that are counted with: list prices, without free tiers and rebates."""

    as_of: str = prices.AS_OF
    region: str = prices.REGION
    currency: str = prices.CURRENCY


class Cost(Shape):
    """What calls of functions have cost; `usd` is `nanoUsd` for reading."""

    calls: Annotated[int, Field(description="Of functions, also those that failed or came twice")]
    gb_seconds: Annotated[float, Field(description="Of Lambda: configured memory × time")]
    nano_usd: Annotated[int, Field(description="Billionths of a dollar; sums of it are exact", examples=[1_284_000])]
    usd: Annotated[float, Field(examples=[0.001284])]

    @classmethod
    def of(cls, total: Sum, **more: object) -> Self:
        """The cost that a sum stands for."""
        values = {"calls": total.calls, "gb_seconds": round(costs.gb_seconds(total.used), 3)}
        return cls.model_validate({**values, "nano_usd": total.nano_usd, "usd": costs.usd(total.nano_usd), **more})


class FunctionCost(Cost):
    """What the calls of one function have cost."""

    function: Annotated[str, Field(examples=["amplify-rag-async-dev-text_rag_processor"])]


class VersionCost(Cost):
    """What one version has cost; the version before a re-upload stays paid for."""

    generation: int


class MonthCost(Cost):
    """What a month has cost."""

    month: Annotated[str, Field(examples=["2026-11"])]


class DocumentCost(Cost):
    """What a document has cost in the last 13 months, by function, version and month."""

    document_id: Annotated[str, Field(examples=[DOCUMENT_ID])]
    status_id: Annotated[str, Field(examples=[STATUS_ID])]
    functions: list[FunctionCost]
    versions: list[VersionCost]
    months: list[MonthCost]
    used: Annotated[dict[str, int], Field(description="What was used, by its name and unit")]
    storage_usd_a_month: Annotated[float, Field(description="Of keeping all that was written; not in `usd`")]
    prices: PriceList


class OwnerCost(Cost):
    """What the documents of an owner have cost in a month, those included that were deleted since."""

    owner: Annotated[str, Field(examples=["user:5b1e", "group:finance"])]
    used: dict[str, int]


class OwnerCosts(Shape):
    """Costs of a month by owner. With a `nextCursor` they are part of the sums: add those of all pages."""

    month: Annotated[str, Field(examples=["2026-11"])]
    owners: list[OwnerCost]
    next_cursor: Annotated[str | None, Field(description="Pass it as `cursor` for the rest; null at the end")]
    prices: PriceList
