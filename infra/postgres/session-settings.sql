-- What the processes ask for at the start of each connection, as settings of their role: for PgBouncer in transaction mode, which passes nothing of that
-- on. Not for the role that migrates, whose statements may take long.
--   psql --dbname parley --set role=parley_app --file infra/postgres/session-settings.sql
SELECT format('ALTER ROLE %I IN DATABASE %I SET %s', :'role', current_database(), setting)
FROM unnest(ARRAY[
  'timezone = ''UTC''',
  'enable_seqscan = off',
  'enable_hashjoin = off',
  'enable_mergejoin = off',
  'jit = off',
  'statement_timeout = 5000',
  'idle_in_transaction_session_timeout = 10000'
]) AS setting \gexec
