-- Tables
-- Without a foreign key: it would wait for the very rows that somebody holds.
CREATE TABLE "uncollected_chats" (
    "chat_id" UUID NOT NULL,
    "tries" SMALLINT NOT NULL DEFAULT 0,
    "asked_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "uncollected_chats_pkey" PRIMARY KEY ("chat_id")
);

-- Indexes
CREATE INDEX "uncollected_chats_due_at_idx" ON "uncollected_chats"("due_at");

-- Makes the notifications of everything that was said in these chats since the last time, and notes up to where: both or neither.
--
-- Collectors of one chat wait for each other by an advisory lock, which senders know nothing of; the chats' rows are locked only for
-- the last statement. Rows of the same person, chat and category that are still undecided take the new messages in.
--
-- One call looks at no more than p_messages of a chat, and takes no further chat when that would make more than p_work rows or so: a
-- statement must be over long before its time is. Returns what is to be decided now, and the chats that are left.
CREATE FUNCTION collect_notifications(p_chats uuid[], p_now timestamptz, p_max_age interval, p_messages int, p_work int) RETURNS TABLE (
  notification_id uuid, left_chat_id uuid
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET lock_timeout = '2s'
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3);
  v_mine uuid[];
  v_left uuid[];
  v_chats uuid[];
  v_after int[];
  v_to int[];
BEGIN
  SELECT array_agg(id) FILTER (WHERE work = so_far OR so_far <= p_work), array_agg(id) FILTER (WHERE work < so_far AND so_far > p_work)
  INTO v_mine, v_left
  FROM (
    SELECT id, work, sum(work) OVER (ORDER BY id) AS so_far
    FROM chats
    CROSS JOIN LATERAL (SELECT least(last_seq - notified_seq, p_messages) AS messages) n
    -- A row for each member; and whoever wrote has all messages looked through for those of others, which costs less.
    CROSS JOIN LATERAL (SELECT member_count + messages + messages * least(messages, member_count) / 10 AS work) w
    WHERE id = ANY (p_chats) AND notified_seq < last_seq
  ) behind;
  -- In the order of the keys, so that two collectors never wait for each other in a circle.
  PERFORM pg_advisory_xact_lock(7265539, keys.key)
  FROM (SELECT DISTINCT hashtext(id::text) AS key FROM unnest(v_mine) AS u(id) ORDER BY 1) keys;
  SELECT array_agg(id), array_agg(notified_seq), array_agg(to_seq), v_left || array_agg(id) FILTER (WHERE to_seq < last_seq)
  INTO v_chats, v_after, v_to, v_left
  FROM chats CROSS JOIN LATERAL (SELECT least(last_seq, notified_seq + p_messages) AS to_seq) t
  WHERE id = ANY (v_mine) AND notified_seq < last_seq;
  RETURN QUERY SELECT NULL::uuid, u.id FROM unnest(v_left) AS u(id);
  IF v_chats IS NULL THEN
    RETURN;
  END IF;
  v_now := coalesce(p_now, clock_timestamp());

  RETURN QUERY
  WITH news AS MATERIALIZED (
    SELECT r.chat_id, r.after_seq, r.last_seq, n.seq, n.author, n.type, n.category, n.created_at
    FROM unnest(v_chats, v_after, v_to) AS r(chat_id, after_seq, last_seq)
    CROSS JOIN LATERAL notifiable_messages(r.chat_id, r.after_seq, r.last_seq) n
  ), told AS MATERIALIZED (
    SELECT chat_id, after_seq, last_seq, category, min(seq) AS from_seq, max(seq) AS to_seq, count(*)::int AS messages,
      max(created_at) AS newest_at, (array_agg(type ORDER BY seq DESC))[1] AS type, array_agg(DISTINCT author) AS authors
    FROM news GROUP BY chat_id, after_seq, last_seq, category
  ), audience AS (
    -- Most members were there before the first of the messages and wrote none: they share one count.
    SELECT t.chat_id, m.user_id, t.category, t.from_seq, t.to_seq, t.messages, t.newest_at, t.type
    FROM told t
    JOIN members m ON m.chat_id = t.chat_id AND m.left_at IS NULL
    WHERE m.joined_seq < t.from_seq AND m.user_id <> ALL (t.authors)
    UNION ALL
    SELECT t.chat_id, m.user_id, t.category, own.from_seq, own.to_seq, own.messages, own.newest_at, own.type
    FROM told t
    JOIN members m ON m.chat_id = t.chat_id AND m.left_at IS NULL
    CROSS JOIN LATERAL (
      SELECT min(n.seq) AS from_seq, max(n.seq) AS to_seq, count(*)::int AS messages, max(n.created_at) AS newest_at,
        (array_agg(n.type ORDER BY n.seq DESC))[1] AS type
      FROM notifiable_messages(t.chat_id, greatest(t.after_seq, m.joined_seq), t.last_seq) n
      WHERE n.category = t.category AND n.author <> m.user_id
    ) own
    WHERE (m.joined_seq >= t.from_seq OR m.user_id = ANY (t.authors)) AND own.messages > 0
  ), stored AS (
    INSERT INTO notifications AS open (
      id, user_id, type, category, chat_id, from_seq, to_seq, message_count, newest_at, created_at, due_at,
      state, reason, decided_at, done_at
    )
    SELECT new_notification_id(v_now), a.user_id, a.type, a.category, a.chat_id, a.from_seq, a.to_seq, a.messages, a.newest_at,
      v_now, v_now, (CASE WHEN late THEN 'suppressed' ELSE 'pending' END)::notification_state,
      CASE WHEN late THEN 'too_old' END, CASE WHEN late THEN v_now END, CASE WHEN late THEN v_now END
    FROM audience a CROSS JOIN LATERAL (SELECT a.newest_at < v_now - p_max_age AS late) l
    ON CONFLICT (chat_id, user_id, category) WHERE state IN ('pending', 'waiting') AND chat_id IS NOT NULL
    DO UPDATE SET to_seq = excluded.to_seq, type = excluded.type, newest_at = excluded.newest_at,
      -- What is left over from before they went away and came back is not told any more.
      (from_seq, message_count) = (
        SELECT CASE WHEN is_over THEN excluded.from_seq ELSE open.from_seq END,
          CASE WHEN is_over THEN 0 ELSE open.message_count END + excluded.message_count
        FROM (SELECT coalesce(max(joined_seq), 0) >= open.to_seq AND open.message_count > 0 AS is_over
          FROM members WHERE chat_id = excluded.chat_id AND user_id = excluded.user_id) stay
      )
    RETURNING open.id, open.state
  )
  SELECT id, NULL::uuid FROM stored WHERE state = 'pending';

  -- Somebody may hold one of the chats for long; the caller then tries them apart.
  PERFORM set_config('lock_timeout', '300ms', true);
  PERFORM 1 FROM chats WHERE id = ANY (v_chats) ORDER BY id FOR NO KEY UPDATE;
  UPDATE chats c SET notified_seq = r.to_seq
  FROM unnest(v_chats, v_to) AS r(chat_id, to_seq)
  WHERE c.id = r.chat_id AND c.notified_seq < r.to_seq;
END $$;

-- What workers of the version before call while they are replaced: all of these chats at once, whatever that takes. To be dropped by the
-- release after this one.
CREATE OR REPLACE FUNCTION collect_notifications(p_chats uuid[], p_now timestamptz, p_max_age interval) RETURNS SETOF uuid
LANGUAGE plpgsql
AS $$
DECLARE
  v_chats uuid[] := p_chats;
  v_made uuid[];
  v_all uuid[] := '{}';
BEGIN
  -- An open notification that takes more messages in comes up again: it is told once.
  WHILE v_chats IS NOT NULL LOOP
    SELECT array_agg(notification_id) FILTER (WHERE notification_id IS NOT NULL), array_agg(left_chat_id) FILTER (WHERE left_chat_id IS NOT NULL)
    INTO v_made, v_chats
    FROM collect_notifications(v_chats, p_now, p_max_age, 1000, 2147483647);
    v_all := v_all || v_made;
  END LOOP;
  RETURN QUERY SELECT DISTINCT unnest(v_all);
END $$;

-- When the quiet hours that a moment falls into end, by the clock on the person's wall; null when it falls into none. The same as in the
-- decision, but for an end that the clock skips: then it is what the clock would have shown.
CREATE FUNCTION quiet_until(p_at timestamptz, p_from smallint, p_to smallint, p_zone text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  v_wall timestamp;
  v_minutes int;
  v_end timestamp;
BEGIN
  v_wall := p_at AT TIME ZONE p_zone;
  v_minutes := extract(hour FROM v_wall) * 60 + extract(minute FROM v_wall);
  v_end := date_trunc('day', v_wall) + p_to * interval '1 minute' + CASE WHEN v_minutes < p_to THEN 0 ELSE 1 END * interval '1 day';
  IF (CASE WHEN p_from < p_to THEN v_minutes >= p_from AND v_minutes < p_to ELSE v_minutes >= p_from OR v_minutes < p_to END) THEN
    -- Where the clock shows the end twice, the first time counts.
    RETURN coalesce((
      SELECT min(t.at) FROM unnest(ARRAY[interval '1 hour', '30 minutes', '0']) AS earlier(by)
      CROSS JOIN LATERAL (SELECT (v_end AT TIME ZONE p_zone) - earlier.by AS at) t
      WHERE t.at > p_at AND t.at AT TIME ZONE p_zone = v_end
    ), v_end AT TIME ZONE p_zone);
  END IF;
  RETURN NULL;
EXCEPTION WHEN invalid_parameter_value THEN
  -- A time zone that only the process which stored it knows.
  RETURN NULL;
END $$;

-- Hands out what is to be sent now of these notifications, to one caller: until the lease is over nobody else gets it.
-- What is not worth sending any more, or not wanted any more, ends here instead, and what quiet hours have overtaken waits for their end: a
-- retry comes hours after the decision.
CREATE OR REPLACE FUNCTION claim_deliveries(p_ids uuid[], p_now timestamptz, p_lease interval, p_ttl interval, p_attempts int) RETURNS TABLE (
  notification_id uuid, subscription_id uuid, attempt int, endpoint text, p256dh text, auth text, origin text, locale text
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3) := coalesce(p_now, clock_timestamp());
  v_ids uuid[];
BEGIN
  -- The state as text: an index of all that is due is of no use where the ids are known.
  SELECT array_agg(id) INTO v_ids FROM (
    SELECT id FROM notifications n WHERE id = ANY (p_ids) AND state::text = 'due' AND due_at <= v_now
      AND (campaign_id IS NULL OR EXISTS (SELECT FROM campaigns c WHERE c.id = n.campaign_id AND c.state = 'running'))
    ORDER BY id FOR UPDATE SKIP LOCKED
  ) free;
  WITH judged AS (
    SELECT n.id, q.quiet_until, CASE
      WHEN n.created_at <= v_now - p_ttl THEN 'expired'
      WHEN n.chat_id IS NOT NULL AND m.user_id IS NULL THEN 'not_member'
      -- They were away since, and what was said before is another stay's.
      WHEN n.message_count > 0 AND m.joined_seq >= n.to_seq THEN 'not_member'
      WHEN n.message_count > 0 AND m.read_seq >= n.to_seq THEN 'read'
      WHEN n.message_count > 0 AND NOT EXISTS (
        SELECT FROM notifiable_messages(n.chat_id, greatest(n.from_seq - 1, m.joined_seq), n.to_seq) x
        WHERE x.author <> n.user_id AND x.category = n.category
      ) THEN 'message_deleted'
      WHEN NOT (s.preferences ->> n.category)::boolean THEN 'category_off'
      WHEN m.muted_until > v_now THEN 'chat_muted'
      WHEN s.muted_until > v_now THEN 'muted'
    END AS reason
    FROM notifications n
    LEFT JOIN members m ON m.chat_id = n.chat_id AND m.user_id = n.user_id AND m.left_at IS NULL
    LEFT JOIN notification_settings s ON s.user_id = n.user_id
    CROSS JOIN LATERAL (
      SELECT CASE WHEN NOT n.critical AND s.quiet_from IS NOT NULL THEN quiet_until(v_now, s.quiet_from, s.quiet_to, s.time_zone) END AS quiet_until
    ) q
    WHERE n.id = ANY (v_ids)
  ), ended AS (
    UPDATE notifications n
    SET state = (CASE WHEN reached THEN 'sent' WHEN j.reason = 'expired' THEN 'failed' ELSE 'cancelled' END)::notification_state,
      reason = CASE WHEN NOT reached THEN j.reason END, done_at = v_now
    FROM judged j
    CROSS JOIN LATERAL (
      SELECT EXISTS (SELECT FROM deliveries d WHERE d.notification_id = j.id AND d.state = 'accepted') AS reached
    ) r
    WHERE n.id = j.id AND j.reason IS NOT NULL
    RETURNING n.id
  ), closed AS (
    UPDATE deliveries d SET state = 'expired', done_at = v_now FROM ended e WHERE d.notification_id = e.id AND d.state = 'claimed'
  ), postponed AS (
    UPDATE notifications n SET due_at = j.quiet_until, reason = 'quiet_hours' FROM judged j
    WHERE n.id = j.id AND j.reason IS NULL AND j.quiet_until IS NOT NULL
  )
  SELECT array_agg(id) INTO v_ids FROM judged WHERE reason IS NULL AND quiet_until IS NULL;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;

  INSERT INTO deliveries (notification_id, subscription_id, origin, due_at, claimed_at)
  SELECT n.id, s.id, s.origin, v_now, v_now FROM notifications n JOIN push_subscriptions s ON s.user_id = n.user_id
  WHERE n.id = ANY (v_ids)
  ON CONFLICT DO NOTHING;
  UPDATE deliveries d SET done_at = v_now,
    state = (CASE WHEN d.attempts - d.held_back >= p_attempts THEN 'expired' ELSE 'gone' END)::delivery_state
  WHERE d.notification_id = ANY (v_ids) AND d.state = 'claimed' AND d.due_at <= v_now AND (d.attempts - d.held_back >= p_attempts OR NOT EXISTS (
    SELECT FROM notifications n JOIN push_subscriptions s ON s.user_id = n.user_id
    WHERE n.id = d.notification_id AND s.id = d.subscription_id));
  UPDATE deliveries d SET attempts = d.attempts + 1, claimed_at = v_now, due_at = v_now + p_lease
  WHERE d.notification_id = ANY (v_ids) AND d.state = 'claimed' AND d.due_at <= v_now;
  PERFORM settle_notifications(v_ids, v_now);

  RETURN QUERY
  SELECT d.notification_id, d.subscription_id, d.attempts::int, s.endpoint, s.p256dh, s.auth, s.origin, s.locale
  FROM deliveries d JOIN push_subscriptions s ON s.id = d.subscription_id
  WHERE d.notification_id = ANY (v_ids) AND d.state = 'claimed' AND d.claimed_at = v_now AND d.due_at = v_now + p_lease
  ORDER BY d.notification_id, d.subscription_id;
END $$;
