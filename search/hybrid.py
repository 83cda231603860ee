"""Search: a question to what answers it, by words, by meaning, by what pages show, or by all of these."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.database import transaction
from core.settings import Settings
from rag import retrieve
from rag.embed import TextEmbedder
from search import fusion, hits, pages
from search.hits import Found, Hit
from search.pages import Evidence
from search.question import Question
from search.text_arms import CANDIDATES_A_HIT, TextArms, TextEvidence
from vdr.query_message import PageQuery

if TYPE_CHECKING:
    from psycopg2.extensions import connection

__all__ = ["Hit", "Question", "search"]


def search(
    database: "connection",
    principals: Sequence[str],
    question: Question,
    embedder: TextEmbedder,
    settings: Settings,
    *,
    page_query: PageQuery | None = None,
) -> list[Hit]:
    """The caller's passages and pages that answer a question, the best first, and of each page the best one.

    Pages are found as pictures in the modes that ask for it, given a ``page_query``; without one, ``hybrid_vdr_text``
    is ``hybrid`` and ``vdr`` finds nothing.
    Best on a read-only connection, whose transactions see one snapshot.
    """
    vector = None if question.mode == "sparse" else embedder.embed_query(question.text)  # (d,)
    with transaction(database, principals) as cursor:
        searched = retrieve.corpus(cursor, principals, question.document_ids, embedder.space)
        looked = pages.look(cursor, searched, page_query if question.looks_at_pages else None, settings)
        arms = TextArms(cursor, searched, question, vector, settings)
        text = arms.of_pages(looked.all_chunks) if question.mode == "vdr" else arms.ask(looked.all_chunks)
        evidence = pages.judge(cursor, looked, text.scores if question.reads_text else ())
        best = _rank(question, text, evidence)[: CANDIDATES_A_HIT * question.limit]
        return hits.show(cursor, searched, best, _scores(text, evidence), question.limit)


def _rank(question: Question, text: TextEvidence, evidence: Evidence) -> list[Found]:
    if not question.reads_text:
        return pages.alone(evidence, text.scores)
    if question.use_rrf:
        return pages.join(text.scores, evidence, pages.reciprocal(evidence))
    weight = fusion.model_weight(fusion.PICTURE_WEIGHT, text.known_share)
    return pages.join(text.scores, evidence, pages.weighted(evidence, weight))


def _scores(text: TextEvidence, evidence: Evidence) -> hits.Scores:
    """What to tell of each hit: nothing of an arm that was not asked."""
    return hits.Scores(text.dense.scores, text.sparse.scores, {hit.place: hit.score for hit in evidence.arm.hits})
