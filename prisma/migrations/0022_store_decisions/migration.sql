-- Writes down what was decided about notifications, and returns those that took it. Row by row: a join of a thousand decisions with a thousand rows costs a million
-- comparisons where the planner may not, or does not, make a hash of them.
-- Rows that somebody changes at the moment, or that have taken new messages in, are left out: they must be decided by what they become. Nothing waits here.
CREATE FUNCTION store_decisions(
  p_ids uuid[], p_to_seqs int[], p_states text[], p_reasons text[], p_due_at timestamptz[], p_waits int[], p_now timestamptz[]
) RETURNS SETOF uuid LANGUAGE plpgsql AS $$
DECLARE
  v_place int;
BEGIN
  -- In the order of the ids, like everybody who changes many of them.
  FOR v_place IN SELECT place FROM unnest(p_ids) WITH ORDINALITY AS u(id, place) ORDER BY id LOOP
    -- The state as text, because an index of all that is open is of no use where the id is known.
    PERFORM FROM notifications
    WHERE id = p_ids[v_place] AND state::text IN ('pending', 'waiting') AND to_seq IS NOT DISTINCT FROM p_to_seqs[v_place]
    FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    UPDATE notifications
    SET state = p_states[v_place]::notification_state, reason = p_reasons[v_place], due_at = p_due_at[v_place], waits = p_waits[v_place],
      decided_at = CASE WHEN p_states[v_place] <> 'waiting' THEN p_now[v_place] END,
      done_at = CASE WHEN p_states[v_place] = 'suppressed' THEN p_now[v_place] END
    WHERE id = p_ids[v_place];
    RETURN NEXT p_ids[v_place];
  END LOOP;
END $$;
