-- The role that checks the stores may see by which pipeline a version was made.

GRANT SELECT (version) ON document_versions TO rag_operations;
COMMENT ON COLUMN document_versions.version IS 'Digest of the pipeline, and one of the content.';
