"""The query as the page model sees it: embedded in this process, or by the function that has the model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import aws
from core.database import transaction
from core.settings import Settings
from search.question import Question
from vdr import query_message, retrieve
from vdr.embed import TEXT_PROXY, page_embedder
from vdr.query_message import PageQuery

if TYPE_CHECKING:
    from psycopg2.extensions import connection


def page_query(
    database: "connection", principals: Sequence[str], question: Question, settings: Settings
) -> PageQuery | None:
    """The question for pages; None when its mode does not look at pages, or the caller has none.

    The page model is asked outside of any transaction, as it may take seconds.
    Raises TransientError when it does not answer, SettingsError when it cannot be loaded here.
    """
    if not question.looks_at_pages:
        return None
    with transaction(database, principals) as cursor:
        if not retrieve.has_pages(cursor, principals):
            return None
    return embed(question.text, settings)


def embed(text: str, settings: Settings) -> PageQuery:
    """The vectors of a query; text-proxy never needs the function, as the text model is in this process anyway."""
    if settings.vdr_query_function and settings.vdr_model_name != TEXT_PROXY:
        return query_message.read(aws.invoke_json(settings.vdr_query_function, query_message.request(text)))
    embedder = page_embedder(settings)
    return PageQuery(embedder.space, embedder.embed_query(text))
