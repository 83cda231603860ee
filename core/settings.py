"""Settings: read once from the environment into a frozen object; nothing else reads ``os.environ``."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from core.errors import SettingsError


def setting(default: Any, help: str) -> Any:
    """A field with its default (None: no default, needed where used) and one line of help."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting; the environment variable is the field's name in capitals.

    A text setting without a value is the empty string; ``need`` turns that into an error that names it.
    """

    stage: str = setting("local", "Deployment stage")
    log_level: str = setting("INFO", "Least severe log lines that are written")
    # Set by Lambda itself; outside of it no call is charged to a document
    aws_lambda_function_name: str = setting("", "Name of the function that runs")
    aws_lambda_function_memory_size: int = setting(0, "Its memory in MB, which decides what a second costs")
    aws_lambda_initialization_type: str = setting("", "on-demand: the start of its process is billed, too")
    # Where things are
    upload_buckets: str = setting("", "Buckets, separated by commas, whose objects may be processed")
    derived_bucket: str = setting("", "Bucket for what the pipelines derive (extracted text, page images)")
    document_status_table: str = setting("", "DynamoDB table of document states")
    document_audit_table: str = setting("", "DynamoDB table of every change of state")
    document_parts_table: str = setting("", "DynamoDB table of plans and of the parts that workers have taken")
    usage_table: str = setting("", "DynamoDB table of what each principal used of its limits")
    websocket_connections_table: str = setting("", "DynamoDB table of sockets and their subscriptions")
    websocket_api_endpoint: str = setting("", "Management URL of the WebSocket API, for pushing")
    text_rag_processing_queue_url: str = setting("", "SQS queue of text jobs")
    vdr_processing_queue_url: str = setting("", "SQS queue of jobs for pages as pictures")
    rag_document_index_queue_url: str = setting("", "SQS queue of uploads, by which a document is taken in again")
    rag_document_index_dead_letter_queue_url: str = setting("", "SQS queue where uploads rest that failed for good")
    text_rag_dead_letter_queue_url: str = setting("", "SQS queue where text jobs rest that failed for good")
    vdr_dead_letter_queue_url: str = setting("", "SQS queue where jobs for pages as pictures rest that failed for good")
    # Patience with AWS; the defaults are for functions whose answer somebody waits for
    service_timeout_seconds: float = setting(5.0, "Longest wait for an answer of an AWS service")
    service_attempts: int = setting(3, "Most tries of a call to an AWS service")
    # Database
    rag_postgres_db_write_endpoint: str = setting("", "PostgreSQL host:port for writing")
    rag_postgres_db_read_endpoint: str = setting("", "PostgreSQL host:port for queries; empty: the write endpoint")
    rag_postgres_db_name: str = setting("amplify_rag", "Database name")
    rag_postgres_db_username: str = setting("rag_app", "Role to log in as; it must not bypass row security")
    rag_postgres_db_secret: str = setting("", "Secrets Manager secret with the field `password`; empty: no password")
    rag_postgres_db_operations_username: str = setting("rag_operations", "Role that doctor reads with; sees no content")
    rag_postgres_db_operations_secret: str = setting("", "Secret with the field `password` of that role")
    rag_postgres_db_administrator_username: str = setting(
        "", "Role that owns the schema, for migrate alone; empty: the field `username` of its secret"
    )
    rag_postgres_db_administrator_secret: str = setting("", "Secret with the field `password` of that role")
    rag_postgres_db_sslmode: str = setting("prefer", "libpq sslmode; use verify-full or require outside a laptop")
    rag_postgres_db_sslrootcert: str = setting(
        "", "Authorities to verify the server by (PEM); empty: those of Amazon RDS"
    )
    query_timeout_seconds: int = setting(20, "Longest run of one SQL statement of a query")
    statement_timeout_seconds: int = setting(60, "Longest run of one SQL statement")
    lock_timeout_seconds: int = setting(20, "Longest wait of one SQL statement for a lock")
    idle_session_seconds: int = setting(600, "The database closes a connection idle for so long; 0: never")
    # Tokens
    jwt_issuer: str = setting("", "Issuer that tokens must name")
    jwt_audience: str = setting("", "App client that tokens must be meant for")
    jwks_url: str = setting("", "Where the issuer publishes its keys")
    operator_group: str = setting("operators", "Group of users who may see, send again and discard dead letters")
    # Limits of uploads
    max_upload_bytes: int = setting(524_288_000, "Largest accepted file")
    max_pages: int = setting(10_000, "Most pages of an accepted document")
    upload_url_seconds: int = setting(900, "Life of a presigned upload")
    # Limits of each principal; 0: no limit
    max_running_documents: int = setting(500, "Documents of one owner that may be processed at a time")
    max_bytes_a_day: int = setting(20_000_000_000, "Bytes of one owner that are taken in on one day (UTC)")
    max_pages_a_day: int = setting(50_000, "Pages of one owner that are taken in on one day (UTC)")
    queries_a_minute: int = setting(300, "Queries of one caller in a minute")
    uploads_a_minute: int = setting(300, "Requests of one caller in a minute to upload or to process a document")
    max_sockets: int = setting(100, "Open WebSockets of one caller")
    socket_requests_a_minute: int = setting(600, "Requests on one WebSocket in a minute; at twice as many it is closed")
    # Text pipeline
    text_part_pages: int = setting(50, "Pages a text job covers")
    chunk_tokens: int = setting(256, "Largest chunk, in tokens of the embedding model")
    chunk_overlap_tokens: int = setting(32, "Tokens that neighbouring chunks share")
    text_model_path: str = setting("", "Folder of the packaged text model; empty: layers/text-model beside the code")
    text_embedding_model: str = setting("", "Another text model: ONNX folder, transformers folder or hub name")
    text_embedding_endpoint: str = setting("", "OpenAI-compatible base URL to embed with instead of a local model")
    text_embedding_dimensions: int = setting(0, "Dimensions that endpoint's vectors must have; 0: as its first answer")
    text_embedding_max_tokens: int = setting(512, "Longest text that endpoint's model reads, in tokens")
    text_embedding_api_key_secret: str = setting("", "Secret with the field `api_key` for that endpoint")
    text_embedding_languages: str = setting(
        "", "Languages the text model knows (ISO 639-1, separated by commas); empty: en if packaged, else all"
    )
    text_embedding_price: float = setting(0.0, "Dollars for a million tokens of that endpoint's model")
    text_embedding_threads: int = setting(0, "Threads of the text model; 0: as many as processors")
    ocr_languages: str = setting(
        "auto", "Tesseract languages, joined by +; auto: those installed that a page's script and text call for"
    )
    ocr_workers: int = setting(0, "Pages read by OCR at a time; 0: as many as processors")
    # Page-image pipeline
    visual_part_pages: int = setting(8, "Pages a visual job covers")
    vdr_model_name: str = setting(
        "text-proxy", "Page model: hub name or folder; text-proxy: the text model on the page's own text, no torch"
    )
    vdr_device: str = setting("auto", "Where the page model runs: cpu, cuda, or auto")
    vdr_precision: str = setting("auto", "Numbers of the page model: fp32, bf16, or auto (bf16 on a GPU)")
    vdr_image_splitting: bool = setting(True, "Cut a page into tiles at full resolution; without: one small picture")
    vdr_longest_edge: int = setting(0, "Pixels of a page's longer side before it is cut into tiles; 0: the model's own")
    vdr_pool_factor: int = setting(3, "Hierarchical token pooling: vectors of a page are reduced by this; 1: none")
    vdr_batch_pages: int = setting(2, "Pages rendered and embedded at a time")
    vdr_threads: int = setting(0, "Threads of the page model; 0: as many as processors")
    vdr_query_function: str = setting("", "Lambda function that embeds queries for page search; empty: this process")
    vdr_candidates: int = setting(100, "Pages whose vectors are compared one by one with those of the query")
    page_renderer: str = setting("auto", "Renders PDF pages: poppler, pdfium, or auto (poppler where installed)")
    page_image_edge: int = setting(1600, "Pixels of the longer side of a stored page image")
    page_thumbnail_edge: int = setting(400, "Pixels of the longer side of a page's thumbnail")
    page_image_url_seconds: int = setting(300, "Life of a link to a page image")
    office_timeout_seconds: int = setting(180, "Longest conversion of an Office file to PDF")
    # Pictures inside text documents
    vision_endpoint: str = setting("", "OpenAI-compatible base URL of a vision model; empty: pictures are read by OCR")
    vision_model: str = setting("", "Vision model at that endpoint")
    vision_api_key_secret: str = setting("", "Secret with the field `api_key` for that endpoint")
    vision_timeout_seconds: float = setting(60.0, "Longest wait for the description of one picture")
    vision_input_price: float = setting(0.0, "Dollars for a million tokens that the vision model reads")
    vision_output_price: float = setting(0.0, "Dollars for a million tokens that the vision model writes")
    pictures_described_max: int = setting(20, "Most pictures of a document that are described")
    pictures_read_max: int = setting(60, "Most pictures of a document that are read by OCR")
    picture_timeout_seconds: int = setting(
        120, "Longest search for the pictures of a job; as long for describing, for reading"
    )
    # Queues
    max_receive_count: int = setting(
        15, "Deliveries of a message, in about an hour, before it rests in the dead-letter queue; as the queue has it"
    )
    max_tries: int = setting(
        3, "Workers that may die of a part, or fail at it with everything they need at hand, before its document fails"
    )
    # Workers
    lease_seconds: float = setting(
        60.0,
        "A part whose worker has shown no life for so long may be taken by another one; renewed at every third of it",
    )
    hand_over_seconds: float = setting(
        90.0, "A worker with less time than this left hands the rest of its part over to another call"
    )
    parts_in_flight: int = setting(20, "Parts of one document that may be under way at a time; the others wait")
    stale_seconds: int = setting(180, "A running document without a change for so long is looked at by check_health")
    # Operators
    doctor_function: str = setting("", "Lambda function that checks the stores; empty: this process")
    doctor_grace_seconds: int = setting(
        900, "Doctor leaves alone what changed within so long: it may be work in progress"
    )
    flags_parameter: str = setting("", "SSM parameter with the flags; empty: all are at their defaults")
    # Child processes that parse files
    inspect_timeout_seconds: int = setting(15, "Longest look of the entry at a file; its function's timeout is longer")
    inspect_memory_bytes: int = setting(320_000_000, "Address space that look may use, beside the entry's own memory")
    parse_timeout_seconds: int = setting(600, "Longest run of a parser on one part")
    parse_memory_bytes: int = setting(1_500_000_000, "Address space a parser may use")
    parse_output_bytes: int = setting(200_000_000, "Most text a parser may give back")
    # Status
    status_interval_seconds: float = setting(1.0, "Least time between two progress reports of one worker")
    audit_days: int = setting(180, "How long every change of state is kept")
    audit_after_deletion: str = setting(
        "remove", "What becomes of a deleted document's history: remove, or keep (until it expires)"
    )
    awaiting_upload_days: int = setting(1, "How long an announced upload is waited for")
    max_subscriptions: int = setting(200, "Most subscriptions of one WebSocket")
    # Search
    exact_scan_limit: int = setting(10_000, "Up to this many of the caller's chunks the dense search is exact")
    max_top_k: int = setting(100, "Most hits a query may ask for")

    def need(self, name: str) -> str:
        """The text setting called name; raises SettingsError naming the variable when it is empty."""
        value = getattr(self, name)
        if value == "":
            raise SettingsError(f"setting {name.upper()} is missing: {describe(name)}")
        return str(value)

    def allowed_buckets(self) -> frozenset[str]:
        """The buckets whose objects may be processed."""
        return frozenset(part.strip() for part in self.need("upload_buckets").split(",") if part.strip())


def describe(name: str) -> str:
    """The line of help of a setting."""
    return next(str(field.metadata["help"]) for field in fields(Settings) if field.name == name)


def parse(environment: Mapping[str, str]) -> Settings:
    """Settings from a mapping of variables; raises SettingsError naming a malformed one."""
    values: dict[str, Any] = {}
    for item in fields(Settings):
        text = environment.get(item.name.upper())
        if text is None or (text == "" and not isinstance(item.default, str)):
            continue
        kind: type[Any] = type(item.default)
        try:
            values[item.name] = _boolean(text) if kind is bool else kind(text)
        except ValueError as error:
            raise SettingsError(f"setting {item.name.upper()} must be of type {kind.__name__}") from error
    return Settings(**values)


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.strip().lower()]
    except KeyError as error:
        raise ValueError(text) from error


def inherited(names: Iterable[str]) -> dict[str, str]:
    """The variables called ``names`` that are set, for handing on to a child process."""
    return {name: os.environ[name] for name in names if name in os.environ}


def follow_shell_region() -> None:
    """Let boto3, which reads AWS_DEFAULT_REGION alone, follow AWS_REGION, as the framework and the guides do."""
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region


@cache
def settings() -> Settings:
    """This process's settings."""
    return parse(os.environ)
