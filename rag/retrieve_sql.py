"""The statements of retrieval, whole and named.

Every one names the caller's owners, beside the row-level security that would hide other rows anyway. Numbers in
formulas are float8: bare literals would make PostgreSQL compute in numeric, row by row.
"""

#: What the caller can search: owners, versions that searches must not see yet, sizes, languages, the vector space
CORPUS = """
WITH scope AS MATERIALIZED (
    SELECT array(SELECT owner_id FROM owners WHERE principal = ANY (%(principals)s)) AS owners
), running AS MATERIALIZED (
    SELECT array(
        SELECT version_key FROM document_versions
        WHERE owner_id = ANY ((SELECT owners FROM scope)::int[]) AND state = 'running'
    ) AS hidden
), visible AS MATERIALIZED (
    SELECT version_key, total_chunks, total_tokens, languages FROM document_bm25_metadata
    WHERE owner_id = ANY ((SELECT owners FROM scope)::int[])
      AND version_key <> ALL ((SELECT hidden FROM running)::int[])
), chosen AS MATERIALIZED (
    SELECT version_key FROM documents JOIN document_versions USING (document_id)
    WHERE documents.owner_id = ANY ((SELECT owners FROM scope)::int[])
      AND (document_id::text = ANY (%(document_ids)s::text[]) OR bucket || '#' || key = ANY (%(document_ids)s::text[]))
)
SELECT (SELECT owners FROM scope),
       (SELECT hidden FROM running),
       (SELECT coalesce(sum(total_chunks), 0)::int FROM visible),
       (SELECT coalesce(sum(total_tokens), 0)::float8 FROM visible),
       (SELECT coalesce(sum(total_chunks), 0)::int FROM visible
        WHERE %(document_ids)s::text[] IS NULL OR version_key IN (SELECT version_key FROM chosen)),
       array(SELECT DISTINCT language FROM visible CROSS JOIN LATERAL unnest(languages) AS language ORDER BY language),
       array(SELECT version_key FROM chosen),
       (SELECT space_id FROM vector_spaces WHERE name = %(space)s),
       (SELECT greatest(reltuples, 0)::int FROM pg_class WHERE oid = 'hybrid_dense_embeddings'::regclass)
"""

#: BM25 with Lucene's IDF, k1 1.5, b 0.75 (the 2.5 is k1 + 1). The document frequency is counted from the postings, in
#: a pass of its own, which is cheaper than keeping the postings for a second use.
#: A filter on documents restricts the hits, not the statistics, so scores do not depend on it.
SPARSE = """
WITH weight AS MATERIALIZED (
    SELECT term, ln(1::float8 + (%(chunks)s::float8 - df + 0.5::float8) / (df + 0.5::float8)) AS idf
    FROM unnest(%(terms)s::bigint[]) AS query (term)
    CROSS JOIN LATERAL (
        SELECT count(*)::float8 AS df
        FROM hybrid_bm25_index AS posting
        WHERE posting.term = query.term AND owner_id = ANY (%(owners)s)
          AND (cardinality(%(hidden)s::bigint[]) = 0 OR (chunk_id >> 32) <> ALL (%(hidden)s::bigint[]))
    ) AS counted
    WHERE df > 0
), scored AS MATERIALIZED (
    SELECT chunk_id,
           sum(idf * 2.5::float8 * tf / (tf + 0.375::float8 + 1.125::float8 / %(average)s::float8 * dl)) AS score
    FROM weight JOIN hybrid_bm25_index USING (term)
    WHERE owner_id = ANY (%(owners)s)
      AND (cardinality(%(hidden)s::bigint[]) = 0 OR (chunk_id >> 32) <> ALL (%(hidden)s::bigint[]))
      AND (NOT %(filtered)s OR (chunk_id >> 32) = ANY (%(versions)s::bigint[]))
    GROUP BY chunk_id
), best AS (
    SELECT chunk_id, score FROM scored ORDER BY score DESC, chunk_id LIMIT %(limit)s
)
SELECT chunk_id, score, (SELECT sum(idf) FROM weight) FROM best
UNION
SELECT chunk_id, score, (SELECT sum(idf) FROM weight) FROM scored WHERE chunk_id = ANY (%(also)s::bigint[])
ORDER BY 2 DESC, 1
"""

#: Every vector of the caller is compared. MATERIALIZED keeps the planner from taking the graph, which finds fewer.
DENSE_EXACT = """
WITH compared AS MATERIALIZED (
    SELECT chunk_id, embedding <=> %(vector)s::halfvec AS distance
    FROM hybrid_dense_embeddings
    WHERE owner_id = ANY (%(owners)s) AND space_id = %(space_id)s
      AND (cardinality(%(hidden)s::bigint[]) = 0 OR (chunk_id >> 32) <> ALL (%(hidden)s::bigint[]))
)
SELECT chunk_id, 1 - distance, (SELECT 1 - avg(distance) FROM compared)
FROM compared
ORDER BY distance, chunk_id
LIMIT %(limit)s
"""

#: As above, within some documents: their rows are ranges of the primary key
DENSE_EXACT_IN_DOCUMENTS = """
WITH compared AS MATERIALIZED (
    SELECT chunk_id, embedding <=> %(vector)s::halfvec AS distance
    FROM unnest(%(versions)s::bigint[]) AS chosen (version)
    JOIN hybrid_dense_embeddings ON chunk_id >= version << 32 AND chunk_id < (version + 1) << 32
    WHERE owner_id = ANY (%(owners)s) AND space_id = %(space_id)s
      AND (cardinality(%(hidden)s::bigint[]) = 0 OR (chunk_id >> 32) <> ALL (%(hidden)s::bigint[]))
)
SELECT chunk_id, 1 - distance, (SELECT 1 - avg(distance) FROM compared)
FROM compared
ORDER BY distance, chunk_id
LIMIT %(limit)s
"""

#: The graph is walked until enough of the caller's rows are found; without sorting there is no other plan
TAKE_GRAPH = """
SET LOCAL hnsw.iterative_scan = relaxed_order;
SET LOCAL hnsw.ef_search = %(ef_search)s;
SET LOCAL enable_sort = off;
"""

#: The caller's nearest rows by the graph of one width of vectors.
#: The mean comes from the means of (at most 2,000) parts, since the vectors are not all read here.
DENSE_GRAPH = """
WITH nearest AS MATERIALIZED (
    SELECT chunk_id, embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions}) AS distance
    FROM hybrid_dense_embeddings
    WHERE dimensions = {dimensions} AND owner_id = ANY (%(owners)s) AND space_id = %(space_id)s
      AND (cardinality(%(hidden)s::bigint[]) = 0 OR (chunk_id >> 32) <> ALL (%(hidden)s::bigint[]))
      AND (NOT %(filtered)s OR (chunk_id >> 32) = ANY (%(versions)s::bigint[]))
    ORDER BY embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})
    LIMIT %(limit)s
), part AS (
    SELECT chunks, mean_embedding <#> %(vector)s::halfvec AS negative_product
    FROM document_parts
    WHERE owner_id = ANY (%(owners)s) AND space_id = %(space_id)s AND chunks > 0
    LIMIT 2000
)
SELECT chunk_id, 1 - distance, (SELECT -sum(chunks * negative_product) / sum(chunks) FROM part)
FROM nearest
ORDER BY distance, chunk_id
"""

RESET_PLANNER = "SET LOCAL enable_sort = on"

#: How similar given chunks are, and what language they are in
COMPARE = """
SELECT chunk_id, language, CASE WHEN space_id = %(space_id)s THEN 1 - (embedding <=> %(vector)s::halfvec) END
FROM hybrid_dense_embeddings
WHERE chunk_id = ANY (%(ids)s::bigint[]) AND owner_id = ANY (%(owners)s)
"""

PASSAGES = """
SELECT chunk_id, document_id::text, file_name, pages, first_page, last_page, page, heading, content, language
FROM hybrid_dense_embeddings
JOIN documents USING (document_id, owner_id)
JOIN document_versions USING (version_key, document_id, owner_id)
WHERE chunk_id = ANY (%(ids)s::bigint[]) AND owner_id = ANY (%(owners)s)
"""
