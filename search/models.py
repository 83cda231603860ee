"""The request and the answer of a query, as the API's description shows them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from search.question import Mode

MAX_QUERY_CHARACTERS = 4000
MAX_DOCUMENTS = 1000
MAX_DOCUMENT_ID_CHARACTERS = 1100  #: a bucket's name, #, and a key

Weight = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
DocumentId = Annotated[str, Field(min_length=1, max_length=MAX_DOCUMENT_ID_CHARACTERS)]


class QueryRequest(BaseModel):
    """Finds the passages that answer a query, among the documents of the caller."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"query": "How long is parental leave?", "top_k": 5, "search_mode": "hybrid"}]},
    )

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY_CHARACTERS, description="A question, or words")]
    document_ids: Annotated[
        list[DocumentId] | None,
        Field(max_length=MAX_DOCUMENTS, description="Search these only; a statusId (bucket#key) is understood too"),
    ] = None
    top_k: Annotated[int, Field(ge=1, description="How many hits at most")] = 10
    search_mode: Annotated[
        Mode,
        Field(
            description="Text by meaning and words, by meaning only, by words only; pages by what they show; text and "
            "pages together. Only pages that took the visual route are known by what they show."
        ),
    ] = "hybrid"
    dense_weight: Annotated[
        Weight | None,
        Field(description="Weight of meaning in hybrid; without weights it is chosen by how well each arm does"),
    ] = None
    sparse_weight: Annotated[Weight | None, Field(description="Weight of words; one weight alone gives the other")] = (
        None
    )
    use_rrf: Annotated[bool, Field(description="Fuse by reciprocal rank (k = 60) and not by score")] = False

    @field_validator("query")
    @classmethod
    def _holds_something(cls, query: str) -> str:
        if not query.strip():
            raise ValueError("is blank")
        return query

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if self.dense_weight == 0 and self.sparse_weight == 0:
            raise ValueError("dense_weight and sparse_weight cannot both be 0")
        return self


class Hit(BaseModel):
    """A passage that was found, and where it stands."""

    chunk_id: Annotated[
        str,
        Field(
            description="As text: it does not fit every language's numbers. Of a page without text page:version:page"
        ),
    ]
    document_id: str
    file_name: str
    page: Annotated[int, Field(description="The page to show for it, from 1")]
    pages: Annotated[list[int], Field(description="All pages that it touches")]
    headings: Annotated[list[str], Field(description="Headings above it, the highest first")]
    content: Annotated[str, Field(description="The passage; empty when the page has no text")]
    snippet: Annotated[str, Field(description="HTML: the best sentence, the words of the query in <mark>")]
    score: Annotated[float, Field(description="What hits are ordered by; comparable within one answer only")]
    dense_score: Annotated[float | None, Field(description="Cosine similarity")]
    sparse_score: Annotated[float | None, Field(description="BM25")]
    vdr_score: Annotated[
        float | None, Field(description="Late interaction of the query with the page, at most 1; null without picture")
    ]
    pipeline: Annotated[
        Literal["text_rag", "vdr"], Field(description="What says more for it: its text, or its picture")
    ]
    search_mode: Mode
    page_image_url: Annotated[str | None, Field(description="Short-lived link to the page's image, where there is one")]


class QueryResponse(BaseModel):
    """The hits, the best first."""

    results: list[Hit]
    query: str
    total_results: int
    search_mode: Mode
    page_model: Annotated[
        str | None,
        Field(description="What found the pages; `text-proxy/…` goes by their text, not by sight. Null: no pages"),
    ]
    processing_time_ms: float
