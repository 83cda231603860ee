"""Costs: what is used, what that costs, and sums of it. Pure.

Quantities and money are whole numbers, so that sums are exact and a database can hold them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Self

from core.cost import prices
from core.settings import Settings

NANO = 1_000_000_000  #: nano-dollars of a dollar
MB_MS = 1024 * 1000  #: megabyte-milliseconds of a gigabyte-second


class Quantity(StrEnum):
    """What is counted, with its unit."""

    X86_MB_MS = "x86MbMs"  #: configured memory × time
    ARM_MB_MS = "armMbMs"
    INVOCATIONS = "invocations"
    SQS_REQUESTS = "sqsRequests"
    WRITE_MILLIUNITS = "dynamodbWriteMilliunits"  #: thousandths of what DynamoDB bills, as it says itself
    READ_MILLIUNITS = "dynamodbReadMilliunits"
    S3_WRITES = "s3Writes"
    S3_READS = "s3Reads"
    S3_BYTES = "s3Bytes"  #: written, and kept from then on
    ROW_BYTES = "rowBytes"  #: sent to PostgreSQL to be kept; indexes come on top
    LOG_BYTES = "logBytes"
    EMBEDDING_TOKENS = "embeddingTokens"  #: of outside models, as their answers say
    VISION_INPUT_TOKENS = "visionInputTokens"
    VISION_OUTPUT_TOKENS = "visionOutputTokens"


Used = Mapping[Quantity, int]

#: Dollars for one of each. What is kept costs by the month, so it is not among what was spent: see ``storage_a_month``
UNIT_PRICES: Mapping[Quantity, Decimal] = {
    Quantity.X86_MB_MS: prices.LAMBDA_X86_GB_SECOND / MB_MS,
    Quantity.ARM_MB_MS: prices.LAMBDA_ARM_GB_SECOND / MB_MS,
    Quantity.INVOCATIONS: prices.LAMBDA_REQUEST,
    Quantity.SQS_REQUESTS: prices.SQS_REQUEST,
    Quantity.WRITE_MILLIUNITS: prices.DYNAMODB_WRITE_UNIT / prices.THOUSAND,
    Quantity.READ_MILLIUNITS: prices.DYNAMODB_READ_UNIT / prices.THOUSAND,
    Quantity.S3_WRITES: prices.S3_WRITE,
    Quantity.S3_READS: prices.S3_READ,
    Quantity.LOG_BYTES: prices.LOGS_GB / prices.GIGABYTE,
}
STORAGE_PRICES: Mapping[Quantity, Decimal] = {
    Quantity.S3_BYTES: prices.S3_GB_MONTH / prices.GIGABYTE,
    Quantity.ROW_BYTES: prices.AURORA_GB_MONTH / prices.GIGABYTE,
}


def token_prices(settings: Settings) -> Mapping[Quantity, Decimal]:
    """Dollars a token of the outside models that the settings name; they say it for a million."""
    by_million = {
        Quantity.EMBEDDING_TOKENS: settings.text_embedding_price,
        Quantity.VISION_INPUT_TOKENS: settings.vision_input_price,
        Quantity.VISION_OUTPUT_TOKENS: settings.vision_output_price,
    }
    return {quantity: Decimal(str(price)) / prices.MILLION for quantity, price in by_million.items()}


def nano_usd(used: Used, unit_prices: Mapping[Quantity, Decimal]) -> int:
    """What the quantities that have a price cost together, rounded once."""
    dollars = sum((amount * unit_prices.get(quantity, Decimal(0)) for quantity, amount in used.items()), Decimal(0))
    return int((dollars * NANO).to_integral_value(ROUND_HALF_UP))


def storage_a_month(used: Used) -> int:
    """Nano-dollars that keeping what was written costs in a month, if all of it is still there."""
    return nano_usd(used, STORAGE_PRICES)


def gb_seconds(used: Used) -> float:
    """Gigabyte-seconds of Lambda, of both architectures."""
    return (used.get(Quantity.X86_MB_MS, 0) + used.get(Quantity.ARM_MB_MS, 0)) / MB_MS


def usd(nano: int) -> float:
    """Dollars, for showing."""
    return nano / NANO


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one call of a function spent on a document, however the call ended."""

    owner: str
    month: str  #: ``2026-11``
    document_id: str
    generation: int
    part: str  #: number of the part; empty: the call took the document in
    attempt: str  #: names the call; equal only for the same one
    function: str
    used: Used
    nano_usd: int
    prices_as_of: str = prices.AS_OF


@dataclass
class Sum:
    """A sum of entries."""

    nano_usd: int = 0
    calls: int = 0
    used: Counter[Quantity] = field(default_factory=Counter)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The sum of these."""
        total = cls()
        for entry in entries:
            total.add(entry)
        return total

    def add(self, entry: Entry) -> None:
        """Count one more."""
        self.nano_usd += entry.nano_usd
        self.calls += 1
        self.used.update(entry.used)


def sums(entries: Iterable[Entry], by: str) -> dict[str, Sum]:
    """The sums of the entries that agree in the field called ``by``, ordered by it."""
    found: dict[str, Sum] = {}
    for entry in entries:
        found.setdefault(getattr(entry, by), Sum()).add(entry)
    return dict(sorted(found.items()))
