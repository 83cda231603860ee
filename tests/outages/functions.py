"""Deployed functions over servers that can be killed, each in a process of its own, as Lambda runs it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.databases import TestDatabase
from tests.declarations import functions as declared_functions
from tests.emulators import TestEmulator
from tests.handlers.runtime_api import Function, running

EVENTS = Path(__file__).resolve().parents[1] / "events"
SUBJECT = "5b1e0c9a-7d43-4f0e-9a41-3f2f6f0f8f11"  #: who speaks in the recorded events
SECRET = "outages/database"  # noqa: S105  its name
FUNCTIONS = ("query_handler", "documents_api", "async_document_processor")
GATEWAY_SECONDS = 29  #: after which API Gateway answers in the function's place


class Api:
    """The functions behind the HTTP API."""

    def __init__(self, query: Function, documents: Function, entry: Function) -> None:
        self._query, self._documents, self.entry = query, documents, entry

    def call(self, method: str, path: str) -> tuple[int, Any, Mapping[str, str]]:
        """A request without a body to the documents' routes: status, body and headers of the answer."""
        event = json.loads((EVENTS / "http_documents.json").read_text())
        event["rawPath"] = path
        event["requestContext"]["http"] |= {"method": method, "path": path}
        return _answer(self._documents, event)

    def upload(self) -> tuple[int, Any, Mapping[str, str]]:
        """Announces a file."""
        return _answer(self._documents, json.loads((EVENTS / "http_upload.json").read_text()))

    def ask(self, **request: Any) -> tuple[int, Any, Mapping[str, str]]:
        """A query."""
        event = json.loads((EVENTS / "http_query.json").read_text())
        return _answer(self._query, event | {"body": json.dumps(request)})

    def process(self, bucket: str, key: str) -> tuple[int, Any, Mapping[str, str]]:
        """Has a stored object processed."""
        event = json.loads((EVENTS / "http_process_document.json").read_text())
        return _answer(
            self.entry, event | {"body": json.dumps({"bucket": bucket, "key": key}), "isBase64Encoded": False}
        )


def _answer(function: Function, event: Any) -> tuple[int, Any, Mapping[str, str]]:
    started = time.monotonic()
    answer = function.invoke(event)
    assert time.monotonic() - started < GATEWAY_SECONDS
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


@contextmanager
def deployed(database: TestDatabase, emulator: TestEmulator, **settings: Any) -> Iterator[Api]:
    """The API over these servers."""
    secrets = emulator.emulator.client("secretsmanager")
    value = json.dumps({"password": database.server.passwords.application})
    secrets.create_secret(Name=SECRET, SecretString=value)
    known = {
        name.upper(): str(value) for name, value in vars(database.settings(**emulator.settings, **settings)).items()
    }
    known |= {"RAG_POSTGRES_DB_SECRET": SECRET, **emulator.variables}
    handlers = [declared_functions()[key]["handler"] for key in FUNCTIONS]
    with ExitStack() as stack:
        functions = [stack.enter_context(running(handler, known)) for handler in handlers]
        try:
            yield Api(*functions)
        finally:
            secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
