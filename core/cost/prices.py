"""Prices: what AWS asks for, in US dollars. What documents cost is counted with these and no others.

List prices on demand as they were known on the date below: without free tiers, the lower steps of large accounts,
savings plans, taxes or data transfer. They change and differ by region: see "Pricing" on each service's page.
"""

from decimal import Decimal

AS_OF = "2026-11-21"
REGION = "us-east-1"
CURRENCY = "USD"

MILLION = 1_000_000
THOUSAND = 1_000
GIGABYTE = 2**30  #: as AWS bills memory, storage and logs
MONTH_HOURS = 730  #: as AWS counts a month

# Lambda; a gigabyte-second is 1,024 MB of configured memory for a second
LAMBDA_X86_GB_SECOND = Decimal("0.0000166667")
LAMBDA_ARM_GB_SECOND = Decimal("0.0000133334")
LAMBDA_REQUEST = Decimal("0.20") / MILLION
LAMBDA_EPHEMERAL_GB_SECOND = Decimal("0.0000000309")  #: of /tmp beyond the first 512 MB

# Queues, tables, objects, logs
SQS_REQUEST = Decimal("0.40") / MILLION
DYNAMODB_WRITE_UNIT = Decimal("0.625") / MILLION  #: on demand; a transaction takes two units where a write takes one
DYNAMODB_READ_UNIT = Decimal("0.125") / MILLION
DYNAMODB_GB_MONTH = Decimal("0.25")
S3_WRITE = Decimal("0.005") / THOUSAND  #: PUT, COPY, POST, LIST
S3_READ = Decimal("0.0004") / THOUSAND  #: GET, HEAD
S3_GB_MONTH = Decimal("0.023")
LOGS_GB = Decimal("0.50")

# APIs
HTTP_API_REQUEST = Decimal("1.00") / MILLION
WEBSOCKET_MESSAGE = Decimal("1.00") / MILLION
WEBSOCKET_MINUTE = Decimal("0.25") / MILLION

# What runs by the hour
AURORA_ACU_HOUR = Decimal("0.12")
AURORA_GB_MONTH = Decimal("0.10")
AURORA_IO_REQUEST = Decimal("0.20") / MILLION
RDS_PROXY_ACU_HOUR = Decimal("0.015")
RDS_PROXY_LEAST_ACUS = 8  #: that a proxy before Aurora Serverless v2 is billed for, however small the database is
NAT_GATEWAY_HOUR = Decimal("0.045")
NAT_GATEWAY_GB = Decimal("0.045")
PUBLIC_ADDRESS_HOUR = Decimal("0.005")
VPC_ENDPOINT_HOUR = Decimal("0.01")  #: each interface endpoint in each availability zone
SECRET_MONTH = Decimal("0.40")
KEY_MONTH = Decimal("1.00")
ALARM_MONTH = Decimal("0.10")
METRIC_MONTH = Decimal("0.30")
DASHBOARD_MONTH = Decimal("3.00")

# Bedrock Knowledge Bases, for comparison: no price of their own, but of their parts
TITAN_EMBEDDING_TOKEN = Decimal("0.00002") / THOUSAND  #: Titan Text Embeddings V2
DATA_AUTOMATION_PAGE = Decimal("0.010")  #: Bedrock Data Automation as parser, standard output
OPENSEARCH_OCU_HOUR = Decimal("0.24")
OPENSEARCH_LEAST_OCUS = {"with standby replicas": Decimal(2), "without": Decimal(1)}
