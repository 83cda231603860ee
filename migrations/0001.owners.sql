-- Who owns rows, the role that applications log in as, and what a transaction may see.
--
-- Plain, forward-only SQL; every statement may run again unharmed. Needs pgvector 0.8.0 or newer.

CREATE EXTENSION IF NOT EXISTS vector;

-- No password here: the deployment sets one (or uses IAM authentication), so none stands in a repository.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rag_app') THEN
        CREATE ROLE rag_app LOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;  -- another database's migration was faster
END
$$;

CREATE TABLE IF NOT EXISTS owners (
    owner_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    principal text NOT NULL UNIQUE CHECK (principal ~ '^(user|group):.')
);
COMMENT ON TABLE owners IS 'Principals that own documents; every other row carries the small owner_id.';

-- A transaction says for whom it works by the setting rag.principals, a JSON array of principals.
-- Without it nothing is visible.
CREATE OR REPLACE FUNCTION rag_principals() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(array_agg(principal), '{}')
    FROM json_array_elements_text(nullif(current_setting('rag.principals', true), '')::json) AS principal
$$;

-- Used in policies as (SELECT rag_owner_ids()), which PostgreSQL evaluates once per statement, not once per row.
CREATE OR REPLACE FUNCTION rag_owner_ids() RETURNS int[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce(array_agg(owner_id), '{}') FROM public.owners WHERE principal = ANY (public.rag_principals())
$$;
