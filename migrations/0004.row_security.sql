-- What the application role may do, and that it sees the rows of its transaction's principals only.
--
-- Searches also name the owner in the statement: this is the second lock on the same door.

GRANT USAGE ON SCHEMA public TO rag_app;
GRANT SELECT, INSERT ON owners, vector_spaces TO rag_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    documents, document_versions, document_parts, hybrid_dense_embeddings, hybrid_bm25_index, document_bm25_metadata
    TO rag_app;
GRANT SELECT, INSERT ON deleted_documents TO rag_app;

ALTER TABLE owners ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_principals ON owners;
CREATE POLICY own_principals ON owners USING (principal = ANY ((SELECT rag_principals())::text[]));

ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON documents;
CREATE POLICY own_rows ON documents USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE document_versions ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON document_versions;
CREATE POLICY own_rows ON document_versions USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE document_parts ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON document_parts;
CREATE POLICY own_rows ON document_parts USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE deleted_documents ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON deleted_documents;
CREATE POLICY own_rows ON deleted_documents USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE hybrid_dense_embeddings ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON hybrid_dense_embeddings;
CREATE POLICY own_rows ON hybrid_dense_embeddings USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE hybrid_bm25_index ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON hybrid_bm25_index;
CREATE POLICY own_rows ON hybrid_bm25_index USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));

ALTER TABLE document_bm25_metadata ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_rows ON document_bm25_metadata;
CREATE POLICY own_rows ON document_bm25_metadata USING (owner_id = ANY ((SELECT rag_owner_ids())::int[]));
