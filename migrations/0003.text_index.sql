-- The text of documents: chunks with their vectors, and the BM25 postings of their words.
--
-- chunk_id = version_key << 32 | part << 20 | ordinal, so that a chunk has the same id however often its part is
-- processed, and the rows of a part or of a version are one range of ids.

CREATE TABLE IF NOT EXISTS vector_spaces (
    space_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    dimensions smallint NOT NULL CHECK (dimensions > 0)
);
COMMENT ON TABLE vector_spaces IS 'Model and precision, such as all-MiniLM-L6-v2/int8; vectors of different spaces are never compared.';

CREATE TABLE IF NOT EXISTS hybrid_dense_embeddings (
    chunk_id bigint PRIMARY KEY,
    document_id uuid NOT NULL,
    owner_id int NOT NULL,
    version_key int NOT NULL,
    part int NOT NULL,
    ordinal int NOT NULL,
    first_page int NOT NULL,
    last_page int NOT NULL,
    page int NOT NULL,
    start_char int NOT NULL,
    end_char int NOT NULL,
    token_count int NOT NULL,
    space_id smallint NOT NULL,
    dimensions smallint NOT NULL,
    language text NOT NULL,
    heading text[] NOT NULL,
    content text NOT NULL,
    embedding halfvec NOT NULL,
    CHECK (vector_dims(embedding) = dimensions)
)
WITH (
    -- An exact scan reads every vector of an owner: keep vectors in the rows and the text out of line.
    toast_tuple_target = 1024,
    -- Freshly written rows become visible to index-only scans soon.
    autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_vacuum_scale_factor = 0.05
);
ALTER TABLE hybrid_dense_embeddings ALTER COLUMN embedding SET STORAGE PLAIN;
COMMENT ON COLUMN hybrid_dense_embeddings.page IS 'The page that most of the chunk is on: the one to show for it.';
COMMENT ON COLUMN hybrid_dense_embeddings.start_char IS 'Offset in the part''s page texts joined by form feeds.';

CREATE INDEX IF NOT EXISTS hybrid_dense_embeddings_owner ON hybrid_dense_embeddings (owner_id, space_id);

-- One graph for each width of vector in use; the query names the width, so the planner can use its graph.
CREATE INDEX IF NOT EXISTS hybrid_dense_embeddings_384 ON hybrid_dense_embeddings
    USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops) WHERE dimensions = 384;
CREATE INDEX IF NOT EXISTS hybrid_dense_embeddings_768 ON hybrid_dense_embeddings
    USING hnsw ((embedding::halfvec(768)) halfvec_cosine_ops) WHERE dimensions = 768;
CREATE INDEX IF NOT EXISTS hybrid_dense_embeddings_1024 ON hybrid_dense_embeddings
    USING hnsw ((embedding::halfvec(1024)) halfvec_cosine_ops) WHERE dimensions = 1024;
CREATE INDEX IF NOT EXISTS hybrid_dense_embeddings_1536 ON hybrid_dense_embeddings
    USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops) WHERE dimensions = 1536;

CREATE TABLE IF NOT EXISTS hybrid_bm25_index (
    term bigint NOT NULL,
    chunk_id bigint NOT NULL,
    owner_id int NOT NULL,
    tf int NOT NULL,
    dl int NOT NULL
)
WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE hybrid_bm25_index IS 'One posting for each distinct term of a chunk.';
COMMENT ON COLUMN hybrid_bm25_index.term IS '64-bit hash of the term; there is no dictionary.';
COMMENT ON COLUMN hybrid_bm25_index.tf IS 'How often the term occurs in the chunk.';
COMMENT ON COLUMN hybrid_bm25_index.dl IS 'Length of the chunk in terms.';

-- Answers a search without touching the table; the second one finds the rows to delete.
CREATE UNIQUE INDEX IF NOT EXISTS hybrid_bm25_index_term
    ON hybrid_bm25_index (term, owner_id, chunk_id) INCLUDE (tf, dl);
CREATE INDEX IF NOT EXISTS hybrid_bm25_index_chunk ON hybrid_bm25_index (chunk_id);

CREATE TABLE IF NOT EXISTS document_bm25_metadata (
    version_key int NOT NULL,
    part int NOT NULL,
    owner_id int NOT NULL,
    document_id uuid NOT NULL,
    total_chunks int NOT NULL,
    total_tokens bigint NOT NULL,
    avg_chunk_length float8 NOT NULL,
    total_unique_terms int NOT NULL,
    languages text[] NOT NULL,
    PRIMARY KEY (version_key, part)
);
CREATE INDEX IF NOT EXISTS document_bm25_metadata_owner ON document_bm25_metadata (owner_id)
    INCLUDE (version_key, total_chunks, total_tokens, languages);
COMMENT ON TABLE document_bm25_metadata IS 'Lengths of each part: summed in the query, so there is no statistic to maintain.';
COMMENT ON COLUMN document_bm25_metadata.languages IS 'Languages the part''s chunks were stemmed in.';
