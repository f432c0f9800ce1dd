-- Types
ALTER TYPE "delivery_state" ADD VALUE 'unrenderable';

-- Brings notifications to the state that their deliveries have come to: done, or due again with the next of them.
CREATE OR REPLACE FUNCTION settle_notifications(p_ids uuid[], p_now timestamptz) RETURNS TABLE (
  notification_id uuid, notification_state notification_state, next_at timestamptz
) LANGUAGE sql VOLATILE AS $$
  UPDATE notifications n
  SET state = s.state, reason = s.reason, due_at = coalesce(s.next_at, n.due_at), attempts = s.attempts,
    done_at = CASE WHEN s.next_at IS NULL THEN coalesce(n.done_at, p_now) END
  FROM (
    SELECT d.id, d.next_at, d.attempts,
      (CASE WHEN d.next_at IS NOT NULL THEN 'due' WHEN d.accepted THEN 'sent'
        WHEN d.total = 0 THEN 'suppressed' ELSE 'failed' END)::notification_state AS state,
      CASE WHEN d.next_at IS NOT NULL OR d.accepted THEN NULL WHEN d.total = 0 THEN 'no_subscription'
        WHEN d.expired THEN 'expired' WHEN d.refused THEN 'refused' WHEN d.unrenderable THEN 'unrenderable' ELSE 'gone' END AS reason
    FROM unnest(p_ids) AS i(id)
    CROSS JOIN LATERAL (
      SELECT i.id, count(*) AS total, min(due_at) FILTER (WHERE state = 'claimed') AS next_at,
        coalesce(max(attempts), 0)::smallint AS attempts, coalesce(bool_or(state = 'accepted'), false) AS accepted,
        coalesce(bool_or(state = 'expired'), false) AS expired, coalesce(bool_or(state = 'refused'), false) AS refused,
        -- As text: a value that is new to a type can't be named in the transaction that adds it.
        coalesce(bool_or(state::text = 'unrenderable'), false) AS unrenderable
      FROM deliveries WHERE notification_id = i.id
    ) d
  ) s
  WHERE n.id = s.id AND (n.state = 'due' OR (s.state = 'sent' AND n.state IN ('failed', 'cancelled')))
  RETURNING n.id, n.state, s.next_at
$$;
