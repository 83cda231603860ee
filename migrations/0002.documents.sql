-- Documents, their versions, and which parts of a version are finished.

CREATE TABLE IF NOT EXISTS documents (
    document_id uuid PRIMARY KEY,
    owner_id int NOT NULL REFERENCES owners,
    bucket text NOT NULL,
    key text NOT NULL,
    file_name text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    generation int NOT NULL,
    current_generation int,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS documents_owner ON documents (owner_id);
COMMENT ON COLUMN documents.generation IS 'Newest version that a worker has shown up for; older ones are refused.';
COMMENT ON COLUMN documents.current_generation IS 'The version that searches see; null until the first one is finished.';

CREATE TABLE IF NOT EXISTS document_versions (
    version_key int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    owner_id int NOT NULL REFERENCES owners,
    generation int NOT NULL,
    version text NOT NULL,
    pages int NOT NULL,
    parts int NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'current')),
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    UNIQUE (document_id, generation)
);
CREATE INDEX IF NOT EXISTS document_versions_running ON document_versions (owner_id) WHERE state = 'running';
COMMENT ON COLUMN document_versions.version IS 'Digest of the content and of the pipeline.';
COMMENT ON COLUMN document_versions.version_key IS 'Upper 32 bits of the ids of the version''s chunks.';

CREATE TABLE IF NOT EXISTS document_parts (
    version_key int NOT NULL REFERENCES document_versions ON DELETE CASCADE,
    part int NOT NULL,
    owner_id int NOT NULL,
    first_page int NOT NULL,
    last_page int NOT NULL,
    chunks int NOT NULL,
    tokens bigint NOT NULL,
    gaps jsonb NOT NULL DEFAULT '[]',
    space_id smallint NOT NULL,
    mean_embedding halfvec,
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version_key, part)
);
COMMENT ON TABLE document_parts IS 'Finished parts: a row is written in the transaction that writes the part''s text.';
COMMENT ON COLUMN document_parts.mean_embedding IS
    'Mean of the part''s vectors: how similar to a query an arbitrary chunk is. Null for a part without chunks.';
COMMENT ON COLUMN document_parts.gaps IS 'Pages that could not be read: [{"page": 3, "reason": "..."}].';

CREATE INDEX IF NOT EXISTS document_parts_owner ON document_parts (owner_id, space_id);

CREATE TABLE IF NOT EXISTS deleted_documents (
    document_id uuid NOT NULL,
    owner_id int NOT NULL REFERENCES owners,
    deleted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (document_id, owner_id)
);
COMMENT ON TABLE deleted_documents IS 'Tombstones: a worker that is late cannot bring a deleted document back.';
