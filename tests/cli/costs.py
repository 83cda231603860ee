"""The small service's costs: sums of a month in pages, and of each document."""

from typing import Any

from tests.cli.dead_letters import REFUSED

PRICES = {"asOf": "2026-11-21", "region": "us-east-1", "currency": "USD"}


def cost(nano_usd: int, calls: int = 1, **fields: Any) -> dict[str, Any]:
    """A sum that cost so much."""
    return {"calls": calls, "gbSeconds": calls * 2.5, "nanoUsd": nano_usd, "usd": nano_usd / 1e9, "used": {}, **fields}


class Costs:
    """What the routes about costs answer."""

    def __init__(self) -> None:
        self.pages: list[list[dict[str, Any]]] = [[]]  #: of the month's sums
        self.of_documents = cost(
            1_234_000,
            functions=[cost(1_200_000, function="text_rag_processor"), cost(34_000, function="entry")],
            versions=[cost(1_234_000, generation=1)],
            months=[cost(1_234_000, month="2026-11")],
            storageUsdAMonth=0.0005,
            prices=PRICES,
        )
        self.is_operator = True

    def answer(self, query: dict[str, list[str]], *, everybody: bool) -> tuple[int, Any]:
        if everybody and not self.is_operator:
            return 403, REFUSED
        number = int(query.get("cursor", ["0"])[0])
        following = str(number + 1) if number + 1 < len(self.pages) else None
        month = query.get("month", ["2026-11"])[0]
        return 200, {"month": month, "owners": self.pages[number], "nextCursor": following, "prices": PRICES}

    def of_document(self, document_id: str) -> tuple[int, Any]:
        return 200, {**self.of_documents, "documentId": document_id, "statusId": ""}
