-- Columns
ALTER TABLE "deliveries" ADD COLUMN "held_back" SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE "deliveries" ADD COLUMN "held_claim" SMALLINT;

-- Notes what became of deliveries. A yes counts whoever brings it; anything else only from the one who has the claim. The number of
-- claims only grows, because it tells claims apart; so those that were held back are counted beside it, and tries are the rest.
CREATE OR REPLACE FUNCTION record_deliveries(
  p_notifications uuid[], p_subscriptions uuid[], p_claims int[], p_outcomes text[], p_status_codes int[], p_retry_ms int[],
  p_p256dh text[], p_auth text[], p_now timestamptz, p_ttl interval, p_attempts int
) RETURNS TABLE (notification_id uuid, state notification_state, next_at timestamptz) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3) := coalesce(p_now, clock_timestamp());
BEGIN
  PERFORM 1 FROM notifications WHERE id = ANY (p_notifications) ORDER BY id FOR UPDATE;
  UPDATE deliveries d
  SET status_code = CASE WHEN held THEN d.status_code ELSE o.status_code END,
    -- Once per claim, however often it is said.
    held_back = d.held_back + (held AND d.held_claim IS DISTINCT FROM o.claim)::int,
    held_claim = CASE WHEN held THEN o.claim ELSE d.held_claim END,
    state = (CASE WHEN NOT again THEN o.outcome
      WHEN late OR NOT held AND o.claim - d.held_back >= p_attempts THEN 'expired' ELSE 'claimed' END)::delivery_state,
    due_at = CASE WHEN again THEN retry_at ELSE d.due_at END,
    done_at = CASE WHEN NOT again OR late OR NOT held AND o.claim - d.held_back >= p_attempts THEN v_now END,
    latency_ms = CASE WHEN o.outcome = 'accepted' THEN least(2147483647, greatest(0, extract(epoch FROM v_now - n.decided_at) * 1000))::int END
  FROM unnest(p_notifications, p_subscriptions, p_claims, p_outcomes, p_status_codes, p_retry_ms)
    AS o(notification_id, subscription_id, claim, outcome, status_code, retry_ms)
  JOIN notifications n ON n.id = o.notification_id
  CROSS JOIN LATERAL (
    SELECT v_now + o.retry_ms * interval '1 millisecond' AS retry_at, o.outcome = 'held_back' AS held,
      o.outcome IN ('retry_later', 'held_back') AS again
  ) r
  CROSS JOIN LATERAL (SELECT retry_at >= n.created_at + p_ttl AS late) l
  WHERE d.notification_id = o.notification_id AND d.subscription_id = o.subscription_id
    AND CASE WHEN o.outcome = 'accepted' THEN d.state <> 'accepted' ELSE d.state = 'claimed' AND d.attempts = o.claim END;
  -- The browser may have come back with new keys since: then this no was about the old ones.
  DELETE FROM push_subscriptions WHERE id IN (
    SELECT s.id FROM push_subscriptions s
    JOIN unnest(p_subscriptions, p_outcomes, p_p256dh, p_auth) AS o(subscription_id, outcome, p256dh, auth)
      ON o.subscription_id = s.id AND o.outcome = 'gone' AND o.p256dh = s.p256dh AND o.auth = s.auth
    ORDER BY s.id FOR UPDATE OF s
  );
  RETURN QUERY SELECT * FROM settle_notifications(ARRAY(SELECT DISTINCT unnest(p_notifications)), v_now);
END $$;
