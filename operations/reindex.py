"""Re-index check: which documents another pipeline has made than today's settings describe. It starts no work."""

from typing import Any

from core import logs, metrics
from core.settings import Settings
from core.versions import pipeline_digest
from operations.stored_state import StoredState

MOST_IDS = 100  #: in an answer


def check(stored: StoredState, settings: Settings, after: str | None = None) -> dict[str, Any]:
    """How many documents each pipeline has made, and a page of ids of those that are outdated.

    ``after`` is the last id of the page before; in the answer None at the end. Raises DatabaseUnavailableError.
    """
    today = pipeline_digest(settings)
    with logs.timed("Pipelines checked", status="completed", stage="reindex_check", pipeline=today) as counted:
        pipelines = stored.pipelines()
        documents = sum(pipelines.values())
        figures = {"documents": documents, "outdated": documents - pipelines.get(today, 0)}
        counted.update(figures, pipelines=pipelines)
        ids = stored.made_by_others(today, after, MOST_IDS)
    metrics.put({"OutdatedDocuments": figures["outdated"]})
    following = ids[-1] if len(ids) == MOST_IDS else None
    return {"pipeline": today, **figures, "pipelines": pipelines, "ids": ids, "after": following}
