"""The statements of the store, whole and named."""

JOB_FIELDS = (
    "document_id",
    "bucket",
    "key",
    "file_name",
    "media_type",
    "size_bytes",
    "version",
    "generation",
    "part",
    "parts",
    "first_page",
    "last_page",
    "total_pages",
)

LOCK_PART = "SELECT pg_advisory_xact_lock(hashtextextended('part:' || %s || '/' || %s, 0))"

#: Neither deleted nor overtaken
IS_WANTED = """
SELECT NOT EXISTS (SELECT FROM deleted_documents WHERE document_id = %(document_id)s)
   AND NOT EXISTS (SELECT FROM documents WHERE document_id = %(document_id)s AND generation > %(generation)s)
"""

PUT_DOCUMENT = """
INSERT INTO documents (document_id, owner_id, bucket, key, file_name, media_type, size_bytes, generation)
VALUES (%(document_id)s, %(owner_id)s, %(bucket)s, %(key)s, %(file_name)s, %(media_type)s, %(size_bytes)s,
        %(generation)s)
ON CONFLICT (document_id) DO UPDATE SET
    file_name = excluded.file_name, media_type = excluded.media_type, size_bytes = excluded.size_bytes,
    generation = excluded.generation, updated_at = now()
"""

PUT_VERSION = """
INSERT INTO document_versions (document_id, owner_id, generation, version, pages, parts)
VALUES (%(document_id)s, %(owner_id)s, %(generation)s, %(version)s, %(total_pages)s, %(parts)s)
ON CONFLICT (document_id, generation) DO NOTHING
"""

VERSION_KEY = """
SELECT version_key FROM document_versions WHERE document_id = %(document_id)s AND generation = %(generation)s
"""

OLDER_RUNNING_VERSIONS = """
SELECT version_key FROM document_versions
WHERE document_id = %(document_id)s AND generation < %(generation)s AND state = 'running'
"""

OTHER_VERSIONS = """
SELECT version_key FROM document_versions
WHERE document_id = %(document_id)s AND version_key <> %(version_key)s
"""

#: The key of the job's version when the job's part is among its finished parts
STORED_VERSION = """
SELECT version_key FROM document_versions JOIN document_parts USING (version_key)
WHERE document_id = %(document_id)s AND generation = %(generation)s AND part = %(part)s
"""

REMOVE_PART = (
    "DELETE FROM hybrid_bm25_index WHERE chunk_id >= %(first)s AND chunk_id < %(end)s",
    "DELETE FROM hybrid_dense_embeddings WHERE chunk_id >= %(first)s AND chunk_id < %(end)s",
    "DELETE FROM document_bm25_metadata WHERE version_key = %(version_key)s AND part = %(part)s",
    "DELETE FROM document_pages WHERE version_key = %(version_key)s AND part = %(part)s",
    "DELETE FROM document_parts WHERE version_key = %(version_key)s AND part = %(part)s",
)

ADD_SPACE = """
INSERT INTO vector_spaces (name, dimensions)
SELECT %(name)s, %(dimensions)s WHERE NOT EXISTS (SELECT FROM vector_spaces WHERE name = %(name)s)
ON CONFLICT DO NOTHING
"""

STAGE = (
    "SET LOCAL statement_timeout = '15min'",  # writing a part takes as long as it takes; the worker has its own limit
    "SET LOCAL client_min_messages = warning",  # no notice that a table exists already
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_chunks (LIKE hybrid_dense_embeddings) ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_postings (LIKE hybrid_bm25_index) ON COMMIT DELETE ROWS",
)

CHUNK_COLUMNS = (
    "chunk_id, document_id, owner_id, version_key, part, ordinal, first_page, last_page, page, start_char, end_char,"
    " token_count, space_id, dimensions, language, heading, content, embedding"
)
POSTING_COLUMNS = "term, chunk_id, owner_id, tf, dl"

COPY_CHUNKS = f"COPY incoming_chunks ({CHUNK_COLUMNS}) FROM STDIN (FORMAT binary)"
COPY_POSTINGS = f"COPY incoming_postings ({POSTING_COLUMNS}) FROM STDIN (FORMAT binary)"
INSERT_CHUNKS = f"INSERT INTO hybrid_dense_embeddings ({CHUNK_COLUMNS}) SELECT {CHUNK_COLUMNS} FROM incoming_chunks"  # noqa: S608
INSERT_POSTINGS = f"INSERT INTO hybrid_bm25_index ({POSTING_COLUMNS}) SELECT {POSTING_COLUMNS} FROM incoming_postings"  # noqa: S608

PUT_PART = """
INSERT INTO document_parts (version_key, part, owner_id, first_page, last_page, chunks, tokens, gaps, notices,
                            pictures, handed_over, space_id, mean_embedding)
VALUES (%(version_key)s, %(part)s, %(owner_id)s, %(first_page)s, %(last_page)s, %(chunks)s, %(tokens)s, %(gaps)s,
        %(notices)s, %(pictures)s, %(handed_over)s, %(space_id)s,
        (SELECT avg(embedding) FROM hybrid_dense_embeddings WHERE chunk_id >= %(first)s AND chunk_id < %(end)s))
"""

PUT_LENGTHS = """
INSERT INTO document_bm25_metadata (version_key, part, owner_id, document_id, total_chunks, total_tokens,
                                    avg_chunk_length, total_unique_terms, languages)
VALUES (%(version_key)s, %(part)s, %(owner_id)s, %(document_id)s, %(chunks)s, %(terms)s,
        %(terms)s::float8 / greatest(1, %(chunks)s), %(unique_terms)s, %(languages)s::text[])
"""

#: Pages that a damaged file names twice keep their first record
PUT_PAGES = """
INSERT INTO document_pages (version_key, page_num, part, owner_id, document_id, route, reason, source, characters)
SELECT %(version_key)s, page, %(part)s, %(owner_id)s, %(document_id)s, route, reason, source, characters
FROM json_to_recordset(%(page_records)s::json)
     AS record (page int, route text, reason text, source text, characters int)
ON CONFLICT DO NOTHING
"""

#: All parts that the entry cut, and all that workers handed over to each other
IS_COMPLETE = """
    count(*) FILTER (WHERE part < parts) = parts
    AND NOT EXISTS (
        SELECT FROM document_parts AS giver
        CROSS JOIN LATERAL jsonb_array_elements(giver.handed_over) AS other (number)
        WHERE giver.version_key = %(version_key)s AND number::int NOT IN (
            SELECT part FROM document_parts WHERE version_key = %(version_key)s
        )
    )
"""

#: Text, or pages that are found as pictures
IS_SEARCHABLE = """
    coalesce(sum(chunks), 0) > 0
    OR EXISTS (SELECT FROM document_vdr_pages WHERE version_key = %(version_key)s AND num_vectors > 0)
"""

MAKE_CURRENT = f"""
UPDATE document_versions SET state = 'current', finished_at = now()
WHERE version_key = %(version_key)s AND state = 'running' AND (
    SELECT ({IS_COMPLETE}) AND ({IS_SEARCHABLE})
    FROM document_parts WHERE version_key = %(version_key)s
)
"""  # noqa: S608  made of the constants above

SHOW_GENERATION = """
UPDATE documents SET current_generation = %(generation)s, updated_at = now() WHERE document_id = %(document_id)s
"""

RESULT = f"""
SELECT state, coalesce(sum(chunks), 0)::int AS chunks, coalesce(sum(tokens), 0)::int AS tokens,
       count(part)::int AS stored, coalesce(max(last_page), 0) AS pages,
       coalesce(jsonb_agg(gaps) FILTER (WHERE gaps <> '[]'), '[]') AS gaps,
       coalesce(jsonb_agg(notices) FILTER (WHERE notices <> '[]'), '[]') AS notices,
       coalesce(jsonb_agg(pictures) FILTER (WHERE pictures <> '{{}}'), '[]') AS pictures,
       ({IS_COMPLETE}) AS complete, ({IS_SEARCHABLE}) AS searchable,
       (SELECT jsonb_object_agg(route, pages) FROM (
           SELECT route, count(*) AS pages FROM document_pages WHERE version_key = %(version_key)s GROUP BY route
       ) AS counted) AS routes,
       (SELECT name FROM vector_spaces JOIN document_vdr_pages USING (space_id)
        WHERE version_key = %(version_key)s ORDER BY page_num LIMIT 1) AS page_space
FROM document_versions LEFT JOIN document_parts USING (version_key)
WHERE version_key = %(version_key)s
GROUP BY state, parts
"""  # noqa: S608  made of the constants above
