-- Pages: the route that each took, and the vectors by which a page is found as a picture.

ALTER TABLE document_parts ADD COLUMN IF NOT EXISTS handed_over jsonb NOT NULL DEFAULT '[]';
ALTER TABLE document_parts ADD COLUMN IF NOT EXISTS notices jsonb NOT NULL DEFAULT '[]';
ALTER TABLE document_parts ADD COLUMN IF NOT EXISTS pictures jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN document_parts.handed_over IS
    'Numbers of further parts that this part''s worker found necessary: the version is finished only with them.';
COMMENT ON COLUMN document_parts.notices IS 'What was left out and how to have it: [{"code": "...", "message": "..."}].';
COMMENT ON COLUMN document_parts.pictures IS 'Pictures within the text: how many were found, described, read, skipped.';

CREATE TABLE IF NOT EXISTS document_pages (
    version_key int NOT NULL REFERENCES document_versions ON DELETE CASCADE,
    page_num int NOT NULL,
    part int NOT NULL,
    owner_id int NOT NULL,
    document_id uuid NOT NULL,
    route text NOT NULL CHECK (route IN ('text', 'visual')),
    reason text NOT NULL,
    source text NOT NULL,
    characters int NOT NULL,
    PRIMARY KEY (version_key, page_num)
);
COMMENT ON TABLE document_pages IS 'The route of every page, decided by its content, and where its text came from.';
COMMENT ON COLUMN document_pages.source IS 'text-layer, ocr, text-layer+ocr, converted; empty: the page has no text.';
CREATE INDEX IF NOT EXISTS document_pages_owner ON document_pages (owner_id, document_id);

CREATE TABLE IF NOT EXISTS document_vdr_pages (
    version_key int NOT NULL REFERENCES document_versions ON DELETE CASCADE,
    page_num int NOT NULL,
    part int NOT NULL,
    owner_id int NOT NULL,
    document_id uuid NOT NULL,
    space_id smallint NOT NULL,
    dimensions smallint NOT NULL,
    num_vectors int NOT NULL,
    encoding text NOT NULL CHECK (encoding IN ('bits', 'float16')),
    embedding_vectors bytea NOT NULL,
    embedding halfvec,
    image_width int NOT NULL,
    image_height int NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version_key, page_num),
    CHECK ((num_vectors > 0) = (embedding IS NOT NULL)),
    CHECK (vector_dims(embedding) = dimensions)
);
ALTER TABLE document_vdr_pages ALTER COLUMN embedding_vectors SET STORAGE EXTERNAL; -- bits don't compress
ALTER TABLE document_vdr_pages ALTER COLUMN embedding SET STORAGE PLAIN;
COMMENT ON TABLE document_vdr_pages IS
    'Pages as pictures. The vector space (vector_spaces) names model, precision and renderer.';
COMMENT ON COLUMN document_vdr_pages.embedding_vectors IS
    'The page''s vectors, (num_vectors, dimensions) row by row: sign bits, most significant first, or IEEE half floats.';
COMMENT ON COLUMN document_vdr_pages.embedding IS
    'Their mean, L2-normalised: finds candidates, which MaxSim then ranks. Null for a page that the model has nothing of.';
COMMENT ON COLUMN document_vdr_pages.image_width IS 'Pixels of the stored page image; 0 when there is none.';
CREATE INDEX IF NOT EXISTS document_vdr_pages_owner ON document_vdr_pages (owner_id, space_id);
CREATE INDEX IF NOT EXISTS document_vdr_pages_128 ON document_vdr_pages
    USING hnsw ((embedding::halfvec(128)) halfvec_cosine_ops) WHERE dimensions = 128;
CREATE INDEX IF NOT EXISTS document_vdr_pages_384 ON document_vdr_pages
    USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops) WHERE dimensions = 384;
CREATE INDEX IF NOT EXISTS document_vdr_pages_768 ON document_vdr_pages
    USING hnsw ((embedding::halfvec(768)) halfvec_cosine_ops) WHERE dimensions = 768;

-- The caller's pages nearest to a vector, by the mean of each page's vectors, among finished versions.
-- A space is one model; without its name the one that the caller's latest finished pages of this width are in.
CREATE OR REPLACE FUNCTION vdr_search_pages(
    query_embedding vector,
    max_results int DEFAULT 10,
    similarity_threshold float8 DEFAULT 0.5,
    space_name text DEFAULT NULL
) RETURNS TABLE (document_id uuid, page_num int, similarity_score float8, bucket text, key text)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH chosen AS MATERIALIZED (
        SELECT CASE
            WHEN space_name IS NOT NULL THEN (SELECT space_id FROM public.vector_spaces WHERE name = space_name)
            ELSE (
                SELECT page.space_id
                FROM public.document_vdr_pages AS page JOIN public.document_versions AS version USING (version_key)
                WHERE page.owner_id = ANY ((SELECT public.rag_owner_ids())::int[])
                  AND page.dimensions = vector_dims(query_embedding) AND page.num_vectors > 0
                  AND version.state = 'current'
                ORDER BY version.finished_at DESC, page.version_key DESC LIMIT 1
            )
        END AS space_id
    ), compared AS MATERIALIZED (
        SELECT page.document_id, page.page_num, page.version_key,
               1 - (page.embedding <=> query_embedding::halfvec) AS similarity
        FROM public.document_vdr_pages AS page
        WHERE page.owner_id = ANY ((SELECT public.rag_owner_ids())::int[])
          AND page.space_id = (SELECT space_id FROM chosen)
          AND page.num_vectors > 0
          AND page.dimensions = vector_dims(query_embedding)
    )
    SELECT document.document_id, compared.page_num, compared.similarity, document.bucket, document.key
    FROM compared
    JOIN public.document_versions AS version USING (version_key)
    JOIN public.documents AS document ON document.document_id = compared.document_id
    WHERE version.state = 'current' AND compared.similarity >= similarity_threshold
    ORDER BY compared.similarity DESC, document.document_id, compared.page_num
    LIMIT max_results
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON document_pages, document_vdr_pages TO rag_app;

ALTER TABLE document_pages ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON document_pages;
CREATE POLICY own_rows ON document_pages USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE document_vdr_pages ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON document_vdr_pages;
CREATE POLICY own_rows ON document_vdr_pages USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));
