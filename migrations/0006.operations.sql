-- The role that checks the stores against each other. It reads of every owner's rows what they are and in which state:
-- no text, no vector, no file name. It writes nothing; repairs are made by the application role for the owner.

-- No password here, as for rag_app.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rag_operations') THEN
        CREATE ROLE rag_operations LOGIN CONNECTION LIMIT 10;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;  -- another database's migration was faster
END
$$;

GRANT USAGE ON SCHEMA public TO rag_operations;
GRANT SELECT (owner_id, principal) ON owners TO rag_operations;
GRANT SELECT (document_id, owner_id, generation, current_generation, created_at, updated_at)
    ON documents TO rag_operations;
GRANT SELECT (version_key, document_id, owner_id, generation, state, parts, started_at, finished_at)
    ON document_versions TO rag_operations;
GRANT SELECT (version_key, part, owner_id, finished_at) ON document_parts TO rag_operations;
GRANT SELECT (version_key, part, owner_id, document_id) ON document_bm25_metadata TO rag_operations;
GRANT SELECT (version_key, part, owner_id, document_id) ON document_pages, document_vdr_pages TO rag_operations;
GRANT SELECT (chunk_id, owner_id) ON hybrid_dense_embeddings, hybrid_bm25_index TO rag_operations;
GRANT SELECT (document_id, owner_id, deleted_at) ON deleted_documents TO rag_operations;

DROP POLICY IF EXISTS all_principals ON owners;
CREATE POLICY all_principals ON owners FOR SELECT TO rag_operations USING (true);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'documents', 'document_versions', 'document_parts', 'document_bm25_metadata', 'document_pages',
        'document_vdr_pages', 'hybrid_dense_embeddings', 'hybrid_bm25_index', 'deleted_documents'
    ] LOOP
        EXECUTE format('DROP POLICY IF EXISTS all_rows ON %I', name);
        EXECUTE format('CREATE POLICY all_rows ON %I FOR SELECT TO rag_operations USING (true)', name);
    END LOOP;
END
$$;
