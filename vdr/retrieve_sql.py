"""The statements of retrieval among pages as pictures, whole and named.

Every one names the caller's owners, beside the row-level security that would hide other rows anyway.
"""

#: Whether the caller has any page with vectors, finished or not: asked before a query is embedded
HAS_PAGES = """
SELECT EXISTS (
    SELECT FROM document_vdr_pages
    WHERE owner_id = ANY (ARRAY(SELECT owner_id FROM owners WHERE principal = ANY (%(principals)s)))
      AND num_vectors > 0
)
"""

#: The spaces that a query can be compared with, and how many of the caller's pages each holds. An index answers that;
#: versions that are not finished count too, as this only decides between two renderers and two ways to search.
SPACES = """
SELECT space_id, name, pages, (SELECT greatest(reltuples, 0)::int FROM pg_class
                               WHERE oid = 'document_vdr_pages'::regclass)
FROM vector_spaces CROSS JOIN LATERAL (
    SELECT count(*)::int AS pages FROM document_vdr_pages AS page
    WHERE page.owner_id = ANY (%(owners)s) AND page.space_id = vector_spaces.space_id
      AND (NOT %(filtered)s OR page.version_key = ANY (%(versions)s::int[]))
) AS counted
WHERE dimensions = %(dimensions)s AND pages > 0 AND (name = %(space)s OR starts_with(name, %(space)s || '/'))
ORDER BY pages DESC, space_id
"""

#: What a search may see of a space: the caller's pages of finished versions, within the documents that are asked for
VISIBLE = """
    owner_id = ANY (%(owners)s) AND space_id = %(space_id)s AND num_vectors > 0
    AND (cardinality(%(hidden)s::int[]) = 0 OR version_key <> ALL (%(hidden)s::int[]))
    AND (NOT %(filtered)s OR version_key = ANY (%(versions)s::int[]))
"""

#: Every page of the caller is compared, and a few are drawn. MATERIALIZED keeps the planner from taking the graph,
#: which finds fewer.
EXACT = f"""
WITH compared AS MATERIALIZED (
    SELECT version_key, page_num, part, embedding <=> %(vector)s::halfvec AS distance
    FROM document_vdr_pages WHERE {VISIBLE}
), nearest AS (
    SELECT version_key, page_num, part, true FROM compared ORDER BY distance, version_key, page_num LIMIT %(limit)s
), drawn AS (
    SELECT version_key, page_num, part, false FROM compared
    ORDER BY hashint8(version_key::bigint << 32 | page_num) LIMIT %(drawn)s
)
SELECT * FROM nearest UNION ALL SELECT * FROM drawn
"""  # noqa: S608  made of the constant above

#: The caller's nearest pages by the graph of one width of vectors; to be run after TAKE_GRAPH of the text's statements
GRAPH = f"""
WITH nearest AS MATERIALIZED (
    SELECT version_key, page_num, part,
           embedding::halfvec({{dimensions}}) <=> %(vector)s::halfvec({{dimensions}}) AS distance
    FROM document_vdr_pages WHERE dimensions = {{dimensions}} AND {VISIBLE}
    ORDER BY embedding::halfvec({{dimensions}}) <=> %(vector)s::halfvec({{dimensions}})
    LIMIT %(limit)s
), near AS (
    SELECT version_key, page_num, part, true FROM nearest ORDER BY distance, version_key, page_num
), drawn AS (
    SELECT version_key, page_num, part, false FROM document_vdr_pages WHERE {VISIBLE} LIMIT %(drawn)s
)
SELECT * FROM near UNION ALL SELECT * FROM drawn
"""  # noqa: S608  as above

#: The vectors of given pages, as far as a search may see them
VECTORS = f"""
SELECT version_key, page_num, document_id::text, encoding, num_vectors, embedding_vectors,
       1 - (embedding <=> %(vector)s::halfvec)
FROM unnest(%(version_keys)s::int[], %(pages)s::int[]) AS wanted (version_key, page_num)
JOIN document_vdr_pages USING (version_key, page_num)
WHERE {VISIBLE}
"""  # noqa: S608  as above

#: Which of given pages have a stored image, and the generation that its name holds
IMAGES = """
SELECT version_key, page_num, generation
FROM unnest(%(version_keys)s::int[], %(pages)s::int[]) AS wanted (version_key, page_num)
JOIN document_vdr_pages AS page USING (version_key, page_num)
JOIN document_versions AS version USING (version_key)
WHERE page.owner_id = ANY (%(owners)s) AND version.owner_id = ANY (%(owners)s) AND image_width > 0
"""
