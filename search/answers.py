"""From the request's model to a question, and from hits to the answer's model. Pure."""

from collections.abc import Callable, Sequence

from search import hybrid
from search.models import Hit, QueryRequest, QueryResponse
from search.snippets import snippets


def question(request: QueryRequest) -> hybrid.Question:
    """What a request asks."""
    return hybrid.Question(
        text=request.query,
        mode=request.search_mode,
        limit=request.top_k,
        document_ids=request.document_ids,
        dense_weight=request.dense_weight,
        sparse_weight=request.sparse_weight,
        use_rrf=request.use_rrf,
    )


def response(
    request: QueryRequest,
    hits: Sequence[hybrid.Hit],
    elapsed_ms: float,
    link: Callable[[str], str],
    *,
    page_model: str | None = None,
) -> QueryResponse:
    """The answer to a request; ``link`` makes a link to an image of its key, ``page_model`` names what saw pages."""
    best = snippets(request.query, [(hit.passage.content, hit.passage.language) for hit in hits])
    return QueryResponse(
        results=[_hit(request, hit, snippet, link) for hit, snippet in zip(hits, best, strict=True)],
        query=request.query,
        total_results=len(hits),
        search_mode=request.search_mode,
        page_model=page_model,
        processing_time_ms=round(elapsed_ms, 1),
    )


def _hit(request: QueryRequest, hit: hybrid.Hit, snippet: str, link: Callable[[str], str]) -> Hit:
    passage = hit.passage
    return Hit(
        chunk_id=hit.identifier,
        document_id=passage.document_id,
        file_name=passage.file_name,
        page=passage.page,
        pages=list(range(passage.first_page, passage.last_page + 1)),
        headings=list(passage.headings),
        content=passage.content,
        snippet=snippet,
        score=hit.score,
        dense_score=hit.dense_score,
        sparse_score=hit.sparse_score,
        vdr_score=hit.vdr_score,
        pipeline="vdr" if hit.by_picture else "text_rag",
        search_mode=request.search_mode,
        page_image_url=link(hit.image_key) if hit.image_key else None,
    )
