-- The tables of page images, for psql. They stand beside those of text, so this is all of the schema as well.

\ir hybrid_search_schema.sql
