"""What a measured call would cost on Lambda, and what it is compared with: pure arithmetic and prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.page_cost import VCPU_MB
from core.cost import costs, prices
from core.cost.costs import Quantity, Sum, Used

PAGES = 1000
#: What the seeds hope that the Lambda functions cost for 1,000 pages
SEED_HOPES = {"text": Decimal("0.09"), "visual": Decimal("0.12")}


@dataclass(frozen=True)
class Call:
    """One call of a function, as it was measured here."""

    function: str
    memory_mb: int
    seconds: float  #: that passed
    processor_seconds: float  #: of this process and its children
    used: Used  #: but for the function's own time

    @property
    def seconds_on_lambda(self) -> float:
        """How long the same call takes on Lambda, if one vCPU of it is worth a core here.

        It is never quicker than here, and with fewer processors it takes as long as its work does on them.
        """
        return max(self.seconds, self.processor_seconds / (self.memory_mb / VCPU_MB))

    @property
    def compute(self) -> Used:
        """The function's time as it is billed, on x86."""
        return {Quantity.X86_MB_MS: round(self.memory_mb * self.seconds_on_lambda * 1000), Quantity.INVOCATIONS: 1}


@dataclass(frozen=True)
class Estimate:
    """For 1,000 pages, in dollars; what is kept is by the month."""

    gb_seconds: float
    functions: Decimal
    requests: Decimal  #: of queues, tables, objects; logs
    kept_a_month: Decimal

    @property
    def together(self) -> Decimal:
        """What is spent once."""
        return self.functions + self.requests


def estimate(calls: Sequence[Call], pages: int) -> Estimate:
    """The costs of 1,000 pages like the ones that these calls were made for."""
    compute, others = Sum(), Sum()
    for call in calls:
        compute.used.update(call.compute)
        others.used.update(call.used)
    scale = Decimal(PAGES) / pages / costs.NANO
    return Estimate(
        gb_seconds=costs.gb_seconds(compute.used) * PAGES / pages,
        functions=costs.nano_usd(compute.used, costs.UNIT_PRICES) * scale,
        requests=costs.nano_usd(others.used, costs.UNIT_PRICES) * scale,
        kept_a_month=costs.storage_a_month(others.used) * scale,
    )


def with_page_model(measured: Estimate, processor_seconds: float, memory_mb: int) -> Estimate:
    """The estimate with so many processor seconds a page for a page model, in place of none."""
    seconds = processor_seconds / (memory_mb / VCPU_MB) * PAGES
    gigabytes = Decimal(memory_mb) / 1024
    functions = measured.functions + Decimal(seconds) * gigabytes * prices.LAMBDA_X86_GB_SECOND
    return Estimate(
        measured.gb_seconds + seconds * float(gigabytes), functions, measured.requests, measured.kept_a_month
    )


def knowledge_base(tokens: int, pages: int) -> dict[str, Decimal]:
    """What Bedrock Knowledge Bases take for 1,000 such pages, by how they are parsed."""
    embedding = Decimal(tokens) / pages * PAGES * prices.TITAN_EMBEDDING_TOKEN
    return {"text alone": embedding, "Data Automation": embedding + PAGES * prices.DATA_AUTOMATION_PAGE}


def fixed_costs() -> list[tuple[str, Decimal]]:
    """What is paid every month whether anybody uploads anything or not, in dollars."""
    hours = prices.MONTH_HOURS
    ours = [
        ("every stage: the key of the alarms' topic", prices.KEY_MONTH),
        ("an existing database: nothing more", Decimal(0)),
        ("database: create, while Aurora pauses: its storage alone", Decimal(0)),
        ("database: create, Aurora that never pauses, 0.5 ACU", hours * prices.AURORA_ACU_HOUR / 2),
        ("RDS Proxy in front of it, billed as 8 ACU", hours * prices.RDS_PROXY_ACU_HOUR * prices.RDS_PROXY_LEAST_ACUS),
        ("network: endpoints, three in two zones", hours * prices.VPC_ENDPOINT_HOUR * 3 * 2),
        (
            "network: nat, one gateway and its address, without traffic",
            hours * (prices.NAT_GATEWAY_HOUR + prices.PUBLIC_ADDRESS_HOUR),
        ),
        ("a dashboard", prices.DASHBOARD_MONTH),
        ("an alarm, each", prices.ALARM_MONTH),
        ("a metric with its dimensions, each", prices.METRIC_MONTH),
        ("a secret, each", prices.SECRET_MONTH),
    ]
    theirs = [
        (
            f"Bedrock Knowledge Bases: OpenSearch Serverless {how}, {least} OCU",
            hours * prices.OPENSEARCH_OCU_HOUR * least,
        )
        for how, least in prices.OPENSEARCH_LEAST_OCUS.items()
    ]
    return ours + theirs
