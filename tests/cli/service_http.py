"""The HTTP half of the small service: the API, and the store that uploads are posted to."""

import json
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.cli.service import BUCKET, Document, Service

PAGE_IMAGE = b"RIFF....WEBP"


class Handler(BaseHTTPRequestHandler):
    """The HTTP half."""

    service: Service
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = urlsplit(self.path)
        self.service.requests.append((self.command, self.path, dict(self.headers)))
        if self.service.faults.answers:
            status, headers = self.service.faults.answers.pop(0)
            self.give(status, {"error": "Not now.", "code": "busy", "requestId": "r1"}, headers)
        elif path.path == f"/{BUCKET}":
            self.store(body)
        elif path.path == f"/{BUCKET}-derived/page.webp":
            assert "authorization" not in self.headers, "S3 refuses a link with a second authorization"
            self.give_raw(200, PAGE_IMAGE)
        elif self.headers.get("authorization") not in {f"Bearer {token}" for token in self.service.tokens}:
            self.give(401, {"message": "Unauthorized"})
        else:
            with self.service.lock:
                content = json.loads(body) if body else {}
                self.give(*self.route(path.path.split("/")[2:], parse_qs(path.query), content))

    def route(self, path: list[str], query: dict[str, list[str]], content: dict[str, Any]) -> tuple[int, Any]:
        service = self.service
        if path == ["uploads"]:
            document = service.documents.setdefault(content["fileName"], Document(content["fileName"], content["size"]))
            document.route, document.owner = content.get("route"), content.get("owner")
            document.sha256 = content.get("sha256")
            if not document.states:
                document.add("awaiting_upload", 0)
            form = {"url": f"{service.url}/{BUCKET}", "fields": {"key": document.key, "policy": "p"}}
            ids = {"documentId": document.id, "statusId": f"{BUCKET}#{document.key}"}
            return 201, {**ids, "upload": form, "expiresInSeconds": 900, "maxBytes": content["size"]}
        if path == ["process-document"]:
            found = service.find(f"{content['bucket']}#{content['key']}")
            assert found
            if content["force"]:
                service.process(found)
            return 202, {"statusId": f"{BUCKET}#{found.key}", "documentId": found.id, "status": "", "message": ""}
        if path == ["query"]:
            service.queries.append(content)
            return 200, answer_to(content, service.hits)
        if path == ["operations", "doctor"] and service.dead_letters.is_operator:
            return service.doctor.answer(content)
        if path[-1:] == ["cost"] and path[0] != "documents":
            return service.costs.answer(query, everybody=path[0] == "operations")
        if path[:1] == ["operations"]:
            return service.dead_letters.answer(path[2:], query, content)
        if path == ["documents"]:
            wanted = query.get("status", [None])[0]
            found_all = [d.summary() for d in service.documents.values() if wanted in {None, d.states[-1]["status"]}]
            return 200, {"documents": found_all, "nextCursor": "more" if len(found_all) > 1 else None}
        document_found = service.find(unquote(unquote(path[1])))
        if document_found is None:
            return 404, {"error": "There is no such document.", "code": "document_not_found", "requestId": "r2"}
        if path[2:] == ["cost"]:
            return service.costs.of_document(document_found.id)
        if path[2:3] == ["pages"]:
            return self.route_pages(document_found, path[3:], query)
        return self.route_document(document_found, path[2:], int(query.get("after", ["0"])[0]))

    def route_pages(self, document: Document, path: list[str], query: dict[str, list[str]]) -> tuple[int, Any]:
        if path:
            page = document.pages[int(path[0]) - 1]
            if page["image"] is None:
                return 404, {"error": f"Page {path[0]} has no image.", "code": "no_page_image", "requestId": "r3"}
            link = {"url": self.service.image_url(query["size"][0]), "expiresInSeconds": 300, **page["image"]}
            return 200, {"documentId": document.id, "page": page["page"], **link}
        after = int(query["after"][0])
        more = after + 2 if len(document.pages) > after + 2 else None
        generation = 1 if document.pages else None
        facts = {"documentId": document.id, "generation": generation, "totalPages": len(document.pages)}
        return 200, {**facts, "pages": document.pages[after : after + 2], "nextAfter": more}

    def route_document(self, document: Document, path: list[str], after: int) -> tuple[int, Any]:
        if path == ["status"]:
            return 200, document.states[-1]
        if path == ["events"]:
            events = document.states[after : after + 2]
            more = after + 2 if len(document.states) > after + 2 else None
            kept = [event for event in events if event["sequence"] not in self.service.faults.forgotten]
            return 200, {"documentId": document.id, "events": kept, "nextAfter": more}
        if self.command == "POST":
            return stop_or_try_again(document, path[0])
        assert self.command == "DELETE"
        del self.service.documents[document.name]
        counts = {
            "postgres": {"documents": 1, "hybrid_dense_embeddings": 7},
            "derivedObjects": {"text": 0},
            "uploadObjects": 1,
        }
        return 200, {"documentId": document.id, "statusId": "", "deleted": {**counts, "status": 1, "audit": 6}}

    def store(self, body: bytes) -> None:
        """What S3 does with a form, and what the service does when S3 tells it."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n"
        form: Any = BytesParser().parsebytes(head.encode() + body)
        fields: dict[str, bytes] = {
            str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
            for part in form.get_payload()
        }
        assert list(fields)[-1] == "file", "S3 ignores what follows the file"
        document = self.service.find(f"{BUCKET}#{fields['key'].decode()}")
        assert document
        if len(fields["file"]) > document.size or b"refuse" in fields["file"]:
            return self.give_raw(400, b"<Error><Code>EntityTooLarge</Code></Error>")
        if fields["file"] != document.content:
            document.content = fields["file"]
            if self.service.faults.ends_on_upload:
                self.service.push(document, "completed", 100)
            self.service.process(document)
        return self.give_raw(204, b"")

    def give(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        self.give_raw(status, json.dumps(content).encode(), headers)

    def give_raw(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def stop_or_try_again(document: Document, action: str) -> tuple[int, Any]:
    """Cancel is refused when the document is completed, retry unless it failed."""
    status = document.states[-1]["status"]
    if (status != "failed") if action == "retry" else (status == "completed"):
        return 409, {"error": f"The document is {status}.", "code": "not_now", "requestId": "r4"}
    return (202, document.add("queued", 5)) if action == "retry" else (200, document.add("cancelled", 0))


def answer_to(query: dict[str, Any], hits: list[dict[str, Any]] | None) -> dict[str, Any]:
    """These hits, or one for any query."""
    hit = {
        "chunk_id": 1,
        "document_id": "d",
        "file_name": "handbook.pdf",
        "page": 9,
        "pages": [9, 10],
        "headings": ["4 Harbours", "Mirrey"],
        "content": "The linkspan [at Mirrey] is closed.",
        "snippet": "The <mark>linkspan</mark> [at Mirrey] &amp; pier\nis closed.",
        "score": 0.731,
        "search_mode": query["search_mode"],
    }
    results = [] if query["query"] == "nothing" else hits or [hit]
    return {
        "results": results,
        "query": query["query"],
        "total_results": len(results),
        "search_mode": query["search_mode"],
        "processing_time_ms": 12.3,
    }
