-- All of the schema, for psql: \i migrations/hybrid_search_schema.sql, or psql -f. Harmless where some of it is there.

\set ON_ERROR_STOP on
\ir 0001.owners.sql
\ir 0002.documents.sql
\ir 0003.text_index.sql
\ir 0004.row_security.sql
\ir 0005.pages.sql
\ir 0006.operations.sql
\ir 0007.connections.sql
\ir 0008.pipelines.sql
\ir 0009.completeness.sql
\ir 0010.images.sql
