-- The role that checks the stores may see how many rows a finished part has, to notice when some are gone.

GRANT SELECT (chunks, handed_over) ON document_parts TO rag_operations;
GRANT SELECT (total_tokens) ON document_bm25_metadata TO rag_operations;
COMMENT ON COLUMN document_parts.chunks IS 'How many rows of hybrid_dense_embeddings the part has.';
