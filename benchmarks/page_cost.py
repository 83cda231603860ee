"""What a page costs: pure arithmetic on measured processor seconds, prices and assumptions."""

from dataclasses import dataclass

from core.cost import prices

HOUR = 3600
VCPU_MB = 1769  #: memory of a function that has one vCPU: see "Configure Lambda function memory" in AWS's guide


@dataclass(frozen=True)
class Prices:
    """Prices, and what is assumed of the machines they buy."""

    gigabyte_second: float = float(prices.LAMBDA_X86_GB_SECOND)  #: dollars
    gigabytes: float = 10.0  #: memory of the function
    gpu_hour: float = 0.8048  #: dollars for an instance with a GPU, by default g6.xlarge on demand
    gpu_pages_per_second: float = 2.0  #: an assumption until measured; 2.4 is reported of an A100, tiles and all

    @property
    def processors(self) -> float:
        """Of the measured kind that the function has, if one vCPU of Lambda is worth one: an assumption."""
        return self.gigabytes * 1024 / VCPU_MB


@dataclass(frozen=True)
class Cost:
    """Of one page, and against the GPU."""

    seconds: float  #: on the function
    dollars: float  #: on the function
    gpu_dollars: float  #: on a GPU that is busy all the time
    break_even_pages_per_hour: float  #: from so many on, an instance that runs all day costs less than the function
    gpu_keeps_up: bool  #: whether one instance does as many


def page_cost(processor_seconds: float, prices: Prices) -> Cost:
    """The cost of a page that takes so many seconds of one measured processor."""
    seconds = processor_seconds / prices.processors
    dollars = seconds * prices.gigabytes * prices.gigabyte_second
    at_most = prices.gpu_pages_per_second * HOUR  # pages an hour
    break_even = prices.gpu_hour / dollars
    return Cost(seconds, dollars, prices.gpu_hour / at_most, break_even, break_even <= at_most)
