-- How many connections the applications may hold together: four fifths of the server's, so that whoever operates the
-- database always finds one free. Another limit, set before or later by ALTER ROLE, is left as it is.

DO $$
BEGIN
    IF (SELECT rolconnlimit FROM pg_roles WHERE rolname = 'rag_app') = -1 THEN
        EXECUTE format('ALTER ROLE rag_app CONNECTION LIMIT %s', current_setting('max_connections')::int * 4 / 5);
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'rag_app belongs to another role, which may set its CONNECTION LIMIT';
    WHEN internal_error THEN NULL;  -- another database's migration was faster
END
$$;
