"""A file's whole way through the functions: from the notification to the hit, with a socket watching."""

import io
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.emulators import UPLOADS, TestEmulator, changes_of
from tests.handlers.conftest import event
from tests.handlers.runtime_api import Function
from tests.handlers.sockets import Sockets
from vdr import query_message

Functions = Callable[[str], Function]
TEXT = "Parental leave is twenty weeks at full pay.\n\nTravel is booked through the travel desk.\n"
CONNECTION = "JKJaWeP4oAMCJrg="  #: the socket of the recorded events


def http(function: Functions, key: str, name: str, path: str = "", **changes: Any) -> Any:
    """The body of a successful answer to a recorded request, sent to another path."""
    request = event(name, **changes)
    if path:
        request["rawPath"] = request["requestContext"]["http"]["path"] = path
    answer = function(key).invoke(request)
    assert answer["statusCode"] < 300, answer["body"]
    return json.loads(answer["body"])


def notify(function: Functions, key: str) -> None:
    """S3 announces the object to the entry."""
    batch = event("sqs_s3_upload")
    batch["Records"] = batch["Records"][:1]
    body = json.loads(batch["Records"][0]["body"])
    body["Records"][0]["s3"]["object"]["key"] = key
    batch["Records"][0]["body"] = json.dumps(body)
    assert function("async_document_processor").invoke(batch) == {"batchItemFailures": []}


def work(function: Functions, emulator: TestEmulator, document_id: str, *, route: str = "text") -> None:
    """SQS hands the document's jobs to the worker of their route."""
    client = emulator.emulator.client("sqs")
    queue = emulator.queue_url if route == "text" else emulator.vdr_queue_url
    bodies = []
    while messages := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    mine = [body for body in bodies if json.loads(body)["document_id"] == document_id]
    assert mine
    for body in mine:
        batch = event("sqs_text_job" if route == "text" else "sqs_vdr_job")
        batch["Records"][0]["body"] = body
        worker = function("text_rag_processor" if route == "text" else "vdr_processor")
        assert worker.invoke(batch) == {"batchItemFailures": []}, worker.log


def push(function: Functions, emulator: TestEmulator, status_id: str) -> None:
    """DynamoDB streams the document's changes to the pusher."""
    batch = {"Records": changes_of(emulator, status_id)}
    assert function("status_pusher").invoke(batch) == {"batchItemFailures": []}


def delete(function: Functions, document_id: str) -> Any:
    """The receipt for the document."""
    deletion = event("http_documents")
    deletion["requestContext"]["http"] |= {"method": "DELETE", "path": f"/v2/documents/{document_id}"}
    deletion["rawPath"] = f"/v2/documents/{document_id}"
    return json.loads(function("documents_api").invoke(deletion)["body"])


def new_name(ending: str) -> str:
    """A file name that no test of this run has used: these run over the packages too, beside the same services."""
    return f"{secrets.token_hex(4)}-{ending}"


def test_a_file_is_watched_found_and_forgotten(
    function: Functions, emulator: TestEmulator, open_sockets: Sockets
) -> None:
    open_sockets.open(CONNECTION)
    name = new_name("leave.txt")
    announced = http(function, "documents_api", "http_upload", body=json.dumps({"fileName": name, "size": len(TEXT)}))
    document_id = announced["documentId"]
    assert function("websocket_connect").invoke(event("websocket_connect"))["statusCode"] == 200
    subscribe = event("websocket_subscribe", body=json.dumps({"action": "subscribe", "documentId": document_id}))
    function("websocket_subscribe").invoke(subscribe)
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=announced["key"], Body=TEXT.encode())

    notify(function, announced["key"])
    work(function, emulator, document_id)
    push(function, emulator, f"{UPLOADS}#{announced['key']}")

    messages = open_sockets.sent[CONNECTION]
    assert messages[0]["type"] == "subscription_confirmed"
    assert (messages[1]["status"], messages[-1]["status"]) == ("awaiting_upload", "completed")
    progress = [message["metadata"]["progress"] for message in messages[1:]]
    assert (progress, progress[-1]) == (sorted(progress), 100)

    detail = http(function, "documents_api", "http_documents", f"/v2/documents/{document_id}")
    assert (detail["status"], detail["pages"]) == ("completed", 1)
    assert detail["chunks"] >= 1
    for mode in ("hybrid", "dense", "sparse"):
        query = json.dumps({"query": "parental leave", "top_k": 3, "search_mode": mode})
        [hit, *_] = http(function, "query_handler", "http_query", body=query)["results"]
        assert (hit["document_id"], hit["file_name"], hit["page"]) == (document_id, name, 1)

    receipt = delete(function, document_id)
    assert receipt["deleted"]["uploadObjects"] == 1
    assert receipt["deleted"]["postgres"]["hybrid_dense_embeddings"] == detail["chunks"]
    assert http(function, "query_handler", "http_query")["results"] == []

    for key in ("async_document_processor", "text_rag_processor", "query_handler", "documents_api", "status_pusher"):
        log = function(key).log
        assert '"level":"INFO"' in log, key
        assert not [word for word in ("twenty weeks", "arental leave", "redacted") if word in log], key


def test_a_picture_is_found_with_its_image(function: Functions, emulator: TestEmulator) -> None:
    picture = sign("Harbour masters office, second floor")
    name = new_name("sign.png")
    announced = http(
        function, "documents_api", "http_upload", body=json.dumps({"fileName": name, "size": len(picture)})
    )
    document_id = announced["documentId"]
    emulator.emulator.client("s3").put_object(Bucket=UPLOADS, Key=announced["key"], Body=picture)
    notify(function, announced["key"])
    work(function, emulator, document_id, route="visual")

    for mode in ("vdr", "hybrid_vdr_text", "hybrid"):
        query = json.dumps({"query": "harbour masters office", "search_mode": mode})
        answer = http(function, "query_handler", "http_query", body=query)
        assert (answer["page_model"] or "").startswith("text-proxy" if mode != "hybrid" else "")
        [hit, *_] = answer["results"]
        assert (hit["document_id"], hit["page"]) == (document_id, 1)
        image = Image.open(io.BytesIO(httpx.get(hit["page_image_url"]).content))
        assert (image.format, image.size) == ("WEBP", (1000, 400))
    pages = http(function, "documents_api", "http_documents", f"/v2/documents/{document_id}/pages")["pages"]
    assert [(page["route"], page["source"]) for page in pages] == [("visual", "ocr")]
    assert "Harbour masters" not in function("vdr_processor").log
    assert delete(function, document_id)["deleted"]["uploadObjects"] == 1


def sign(words: str) -> bytes:
    """A picture of words."""
    file = io.BytesIO()
    image = Image.new("RGB", (1000, 400), "white")
    ImageDraw.Draw(image).text((40, 150), words, fill="black", font=ImageFont.load_default(50))
    image.save(file, "PNG")
    return file.getvalue()


def test_the_page_model_embeds_a_query_for_others(function: Functions) -> None:
    answer = function("vdr_processor").invoke(query_message.request("ferry timetable"))
    found = query_message.read(answer)
    assert found.space.startswith("text-proxy")
    assert found.vectors.shape[1] == 384


@pytest.mark.parametrize(("key", "name"), [("text_rag_processor", "sqs_text_job"), ("vdr_processor", "sqs_vdr_job")])
def test_a_job_that_nobody_wants_any_more_is_dropped(function: Functions, key: str, name: str) -> None:
    assert function(key).invoke(event(name)) == {"batchItemFailures": []}


def test_a_message_that_is_no_job_comes_again(function: Functions) -> None:
    result = function("text_rag_processor").invoke(event("sqs_text_job_malformed"))
    assert result == {"batchItemFailures": [{"itemIdentifier": "d91f9132-b81b-53d8-b581-8a7f2297f864"}]}


@pytest.mark.parametrize("body", ["", "{", "[]", '{"query": ""}', '{"query": "x", "top_k": 0}', '{"q": "x"}'])
def test_a_query_that_is_none_is_refused(function: Functions, body: str) -> None:
    answer = function("query_handler").invoke(event("http_query", body=body))
    assert answer["statusCode"] == 400, answer["body"]
    assert set(json.loads(answer["body"])) == {"error", "code", "requestId"}


def test_a_query_is_timed(function: Functions) -> None:
    started = time.perf_counter()
    answer = http(function, "query_handler", "http_query")
    assert 0 < answer["processing_time_ms"] < (time.perf_counter() - started) * 1000
