-- Forgets up to p_limit of the oldest refused logins from before a time, never younger ones than 30 days: they hold addresses, and nobody's act.
CREATE FUNCTION prune_refused_logins(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE v_count int;
BEGIN
  PERFORM set_config('parley.audit_change', 'DELETE', true);
  DELETE FROM audit_entries WHERE id = ANY (ARRAY(
    SELECT id FROM audit_entries WHERE action = 'login.refused' AND at < least(p_before, now() - interval '30 days')
    ORDER BY action, at, id LIMIT p_limit));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  PERFORM set_config('parley.audit_change', '', true);
  RETURN v_count;
END $$;
