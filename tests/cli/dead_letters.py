"""The small service's dead letters: kept in a list, picked and removed as operators ask."""

from typing import Any

REFUSED = {"error": "Only members of the group operators may do this.", "code": "not_an_operator", "requestId": "r5"}
MISSING = {"error": "There is no such dead letter.", "code": "dead_letter_not_found", "requestId": "r6"}


def letter(number: int, **fields: Any) -> dict[str, Any]:
    """A job for the second part of a document."""
    known = {
        "id": f"letter-{number}",
        "queue": "text-rag",
        "kind": "job",
        "sentAt": "2026-11-21T09:00:00.000Z",
        "receiveCount": 4,
        "bytes": 512,
        "statusId": f"uploads#me/[{number}].pdf",
        "documentId": f"document-{number}",
        "generation": 1,
        "part": 1,
        "pages": [51, 100],
        "status": "failed",
        "code": "gave_up",
    }
    return known | fields


class DeadLetters:
    """What the routes of operators do, for a caller who is one."""

    def __init__(self) -> None:
        self.letters: list[dict[str, Any]] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []  #: what was to be replayed or discarded
        self.is_operator = True
        self.complete = True

    def answer(self, path: list[str], query: dict[str, list[str]], content: dict[str, Any]) -> tuple[int, Any]:
        if not self.is_operator:
            return 403, REFUSED
        if path in (["replay"], ["discard"]):
            return 200, self.sort_out(path[0], content)
        if path:
            return next(((200, each) for each in self.letters if each["id"] == path[0]), (404, MISSING))
        wanted = {name: values[0] for name, values in query.items() if name != "limit"}
        found = [each for each in self.letters if wanted.items() <= each.items()]
        shown = found[: int(query["limit"][0])]
        return 200, {"deadLetters": shown, "total": len(found), "complete": self.complete}

    def sort_out(self, action: str, selection: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((action, selection))
        ids = selection.get("ids", [each["id"] for each in self.letters])
        missing = set(ids) - {each["id"] for each in self.letters}
        done = len(ids) - len(missing)
        self.letters = [each for each in self.letters if each["id"] not in ids]
        counts = {"notFound": len(missing), "left": 0, "complete": self.complete}
        if action == "discard":
            return {"discarded": done, **counts}
        return {"replayed": done, "notWanted": 0, "notReplayable": 0, **counts}


class Doctor:
    """What a check of the stores finds, a slice a call."""

    def __init__(self) -> None:
        self.slices: list[list[dict[str, Any]]] = [[]]
        self.asked: list[dict[str, Any]] = []

    def answer(self, content: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append(content)
        number = int(content["cursor"] or 0)
        following = str(number + 1) if number + 1 < len(self.slices) else None
        return 200, {"findings": self.slices[number], "cursor": following, "examined": 10}
