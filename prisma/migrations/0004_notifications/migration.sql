-- Types
CREATE TYPE "notification_state" AS ENUM ('pending', 'waiting', 'due', 'sent', 'suppressed', 'failed', 'cancelled');
CREATE TYPE "delivery_state" AS ENUM ('claimed', 'accepted', 'gone', 'refused', 'expired');

-- Tables
CREATE TABLE "push_subscriptions" (
    "id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "p256dh" TEXT NOT NULL,
    "auth" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "locale" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "push_subscriptions_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "notification_settings" (
    "user_id" TEXT NOT NULL,
    "muted_until" TIMESTAMPTZ(3),
    "quiet_from" SMALLINT,
    "quiet_to" SMALLINT,
    "time_zone" TEXT,
    "locale" TEXT,
    "preferences" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "notification_settings_pkey" PRIMARY KEY ("user_id")
);

CREATE TABLE "notifications" (
    "id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "category" TEXT NOT NULL,
    "critical" BOOLEAN NOT NULL DEFAULT false,
    "chat_id" UUID,
    "from_seq" INTEGER,
    "to_seq" INTEGER,
    "message_count" INTEGER NOT NULL DEFAULT 0,
    "campaign_id" UUID,
    "variant" TEXT,
    "data" JSONB,
    "state" "notification_state" NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "waits" SMALLINT NOT NULL DEFAULT 0,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "newest_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),
    "opened_at" TIMESTAMPTZ(3),
    "clicked_at" TIMESTAMPTZ(3),

    CONSTRAINT "notifications_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "deliveries" (
    "notification_id" UUID NOT NULL,
    "subscription_id" UUID NOT NULL,
    "state" "delivery_state" NOT NULL DEFAULT 'claimed',
    "origin" TEXT NOT NULL,
    "attempts" SMALLINT NOT NULL DEFAULT 0,
    "status_code" SMALLINT,
    "latency_ms" INTEGER,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL,
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "deliveries_pkey" PRIMARY KEY ("notification_id", "subscription_id")
);

CREATE TABLE "notification_totals" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "type" TEXT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "notification_totals_pkey" PRIMARY KEY ("hour", "type")
);

CREATE TABLE "notification_cursor" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "xid" xid8 NOT NULL,
    "scanned_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_cursor_pkey" PRIMARY KEY ("id")
);

-- Indexes
CREATE UNIQUE INDEX "push_subscriptions_endpoint_key" ON "push_subscriptions"("endpoint");
CREATE INDEX "push_subscriptions_user_id_idx" ON "push_subscriptions"("user_id");
-- At most one open notification per chat, person and category: what comes meanwhile joins it.
CREATE UNIQUE INDEX "notifications_open_key" ON "notifications"("chat_id", "user_id", "category") WHERE (state IN ('pending', 'waiting') AND chat_id IS NOT NULL);
CREATE UNIQUE INDEX "notifications_campaign_key" ON "notifications"("campaign_id", "user_id") WHERE (campaign_id IS NOT NULL);
CREATE INDEX "notifications_undecided_idx" ON "notifications"("due_at") WHERE (state IN ('pending', 'waiting'));
CREATE INDEX "notifications_due_idx" ON "notifications"("due_at") WHERE (state = 'due');
CREATE INDEX "notifications_pushed_idx" ON "notifications"("user_id", "decided_at") WHERE (state IN ('due', 'sent'));
CREATE INDEX "notifications_user_id_created_at_idx" ON "notifications"("user_id", "created_at" DESC);
CREATE INDEX "notifications_chat_id_user_id_to_seq_idx" ON "notifications"("chat_id", "user_id", "to_seq");
CREATE INDEX "deliveries_claimed_at_idx" ON "deliveries"("claimed_at");

-- What was said before there were notifications is not pushed.
UPDATE "chats" SET "notified_seq" = "last_seq" WHERE "notified_seq" < "last_seq";
INSERT INTO "notification_cursor" ("xid") VALUES (pg_snapshot_xmin(pg_current_snapshot()));

-- A UUID of version 7 for a time: notifications made by one statement, in the order of their making.
CREATE FUNCTION new_notification_id(p_at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT encode(set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send((extract(epoch FROM p_at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid
$$;

-- The preference that a type of notification belongs to.
CREATE FUNCTION notification_category(p_type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN p_type IN ('new_message', 'group_message') THEN 'chat_messages'
    WHEN p_type IN ('order_update', 'payment', 'new_order', 'receipt') THEN 'order_updates'
    WHEN p_type = 'campaign' THEN 'promotional'
    ELSE 'system_alerts'
  END
$$;

-- The messages of a chat after p_after and up to p_to that are worth a notification, with whom they are not news to.
-- Deleted messages and the notes about a chat's status are not; the first word of a new order's chat announces the order.
CREATE FUNCTION notifiable_messages(p_chat uuid, p_after int, p_to int) RETURNS TABLE (
  seq int, author text, type text, category text, created_at timestamptz
) LANGUAGE sql STABLE AS $$
  SELECT m.seq,
    CASE WHEN m.seq = 1 AND m.type = 'system' AND m.sender_id = 'system' AND c.type = 'order' THEN c.created_by ELSE m.sender_id END,
    t.type, notification_category(t.type), m.created_at
  FROM chats c
  JOIN messages m ON m.chat_id = c.id AND m.seq > p_after AND m.seq <= p_to
  CROSS JOIN LATERAL (SELECT CASE
    WHEN m.type = 'order_update' THEN 'order_update'
    WHEN m.type = 'receipt_shared' THEN 'receipt'
    WHEN m.type = 'system' AND m.seq = 1 AND m.sender_id = 'system' AND c.type = 'order' THEN 'new_order'
    WHEN m.type = 'system' THEN 'system'
    WHEN c.type = 'group' THEN 'group_message'
    ELSE 'new_message'
  END) AS t(type)
  WHERE c.id = p_chat AND m.deleted_at IS NULL
    AND NOT (m.type = 'system' AND m.sender_id = 'system' AND coalesce(m.metadata ? 'changed_by', false))
$$;

-- Makes the notifications of everything that was said in these chats since the last time, and notes up to where: both or neither.
--
-- Collectors of one chat wait for each other by an advisory lock, which senders know nothing of; the chats' rows are locked only for
-- the last statement. Rows of the same person, chat and category that are still undecided take the new messages in.
-- Returns what is to be decided now.
CREATE FUNCTION collect_notifications(p_chats uuid[], p_now timestamptz, p_max_age interval) RETURNS SETOF uuid
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET lock_timeout = '2s'
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3);
  v_chats uuid[];
  v_after int[];
  v_to int[];
BEGIN
  -- In the order of the keys, so that two collectors never wait for each other in a circle.
  PERFORM pg_advisory_xact_lock(7265539, keys.key)
  FROM (SELECT DISTINCT hashtext(id::text) AS key FROM unnest(p_chats) AS u(id) ORDER BY 1) keys;
  SELECT array_agg(id), array_agg(notified_seq), array_agg(last_seq) INTO v_chats, v_after, v_to
  FROM chats WHERE id = ANY (p_chats) AND notified_seq < last_seq;
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
      message_count = open.message_count + excluded.message_count
    RETURNING open.id, open.state
  )
  SELECT id FROM stored WHERE state = 'pending';

  -- Somebody may hold one of the chats for long; the caller then tries them apart.
  PERFORM set_config('lock_timeout', '300ms', true);
  PERFORM 1 FROM chats WHERE id = ANY (v_chats) ORDER BY id FOR NO KEY UPDATE;
  UPDATE chats c SET notified_seq = r.to_seq
  FROM unnest(v_chats, v_to) AS r(chat_id, to_seq)
  WHERE c.id = r.chat_id AND c.notified_seq < r.to_seq;
END $$;

-- Brings notifications to the state that their deliveries have come to: done, or due again with the next of them.
CREATE FUNCTION settle_notifications(p_ids uuid[], p_now timestamptz) RETURNS TABLE (
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
        WHEN d.expired THEN 'expired' WHEN d.refused THEN 'refused' ELSE 'gone' END AS reason
    FROM unnest(p_ids) AS i(id)
    CROSS JOIN LATERAL (
      SELECT i.id, count(*) AS total, min(due_at) FILTER (WHERE state = 'claimed') AS next_at,
        coalesce(max(attempts), 0)::smallint AS attempts, coalesce(bool_or(state = 'accepted'), false) AS accepted,
        coalesce(bool_or(state = 'expired'), false) AS expired, coalesce(bool_or(state = 'refused'), false) AS refused
      FROM deliveries WHERE notification_id = i.id
    ) d
  ) s
  WHERE n.id = s.id AND (n.state = 'due' OR (s.state = 'sent' AND n.state IN ('failed', 'cancelled')))
  RETURNING n.id, n.state, s.next_at
$$;

-- Hands out what is to be sent now of these notifications, to one caller: until the lease is over nobody else gets it.
-- What is not worth sending any more ends here instead.
CREATE FUNCTION claim_deliveries(p_ids uuid[], p_now timestamptz, p_lease interval, p_ttl interval, p_attempts int) RETURNS TABLE (
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
    SELECT n.id, CASE
      WHEN n.created_at <= v_now - p_ttl THEN 'expired'
      WHEN n.chat_id IS NOT NULL AND m.user_id IS NULL THEN 'not_member'
      WHEN n.message_count > 0 AND m.read_seq >= n.to_seq THEN 'read'
      WHEN n.message_count > 0 AND NOT EXISTS (
        SELECT FROM notifiable_messages(n.chat_id, n.from_seq - 1, n.to_seq) x WHERE x.author <> n.user_id AND x.category = n.category
      ) THEN 'message_deleted'
    END AS reason
    FROM notifications n
    LEFT JOIN members m ON m.chat_id = n.chat_id AND m.user_id = n.user_id AND m.left_at IS NULL
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
  )
  SELECT array_agg(id) INTO v_ids FROM judged WHERE reason IS NULL;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;

  INSERT INTO deliveries (notification_id, subscription_id, origin, due_at, claimed_at)
  SELECT n.id, s.id, s.origin, v_now, v_now FROM notifications n JOIN push_subscriptions s ON s.user_id = n.user_id
  WHERE n.id = ANY (v_ids)
  ON CONFLICT DO NOTHING;
  UPDATE deliveries d SET done_at = v_now,
    state = (CASE WHEN d.attempts >= p_attempts THEN 'expired' ELSE 'gone' END)::delivery_state
  WHERE d.notification_id = ANY (v_ids) AND d.state = 'claimed' AND d.due_at <= v_now AND (d.attempts >= p_attempts OR NOT EXISTS (
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

-- Notes what became of deliveries. A yes counts whoever brings it; anything else only from the one who has the claim.
CREATE FUNCTION record_deliveries(
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
  SET status_code = o.status_code,
    state = (CASE WHEN o.outcome <> 'retry_later' THEN o.outcome WHEN late THEN 'expired' ELSE 'claimed' END)::delivery_state,
    due_at = CASE WHEN o.outcome = 'retry_later' THEN retry_at ELSE d.due_at END,
    done_at = CASE WHEN o.outcome <> 'retry_later' OR late THEN v_now END,
    latency_ms = CASE WHEN o.outcome = 'accepted' THEN least(2147483647, greatest(0, extract(epoch FROM v_now - n.decided_at) * 1000))::int END
  FROM unnest(p_notifications, p_subscriptions, p_claims, p_outcomes, p_status_codes, p_retry_ms)
    AS o(notification_id, subscription_id, claim, outcome, status_code, retry_ms)
  JOIN notifications n ON n.id = o.notification_id
  CROSS JOIN LATERAL (SELECT v_now + o.retry_ms * interval '1 millisecond' AS retry_at) r
  CROSS JOIN LATERAL (SELECT o.claim >= p_attempts OR retry_at >= n.created_at + p_ttl AS late) l
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

-- Adds a browser to a person's devices, or gives it its new keys. An endpoint of somebody else's moves only with its very keys: then the
-- browser has changed hands, and gets a new id, so that nothing on its way to the former owner reaches it.
CREATE FUNCTION subscribe_push(
  p_id uuid, p_user text, p_endpoint text, p_p256dh text, p_auth text, p_origin text, p_locale text, p_limit int
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_known push_subscriptions%ROWTYPE;
BEGIN
  -- One at a time per person, or two at once would both fit under the limit.
  PERFORM pg_advisory_xact_lock(7265540, hashtext(p_user));
  LOOP
    SELECT * INTO v_known FROM push_subscriptions WHERE endpoint = p_endpoint FOR UPDATE;
    IF FOUND AND v_known.user_id = p_user THEN
      UPDATE push_subscriptions SET p256dh = p_p256dh, auth = p_auth, locale = coalesce(p_locale, locale), updated_at = clock_timestamp()
      WHERE id = v_known.id;
      RETURN 'refreshed';
    END IF;
    IF FOUND AND (v_known.p256dh, v_known.auth) IS DISTINCT FROM (p_p256dh, p_auth) THEN
      RETURN 'endpoint_taken';
    END IF;
    IF (SELECT count(*) FROM push_subscriptions WHERE user_id = p_user) >= p_limit THEN
      RETURN 'too_many_subscriptions';
    END IF;
    IF v_known.id IS NOT NULL THEN
      UPDATE push_subscriptions SET id = p_id, user_id = p_user, locale = p_locale, created_at = clock_timestamp(), updated_at = clock_timestamp()
      WHERE id = v_known.id;
      RETURN 'moved';
    END IF;
    INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, origin, locale)
    VALUES (p_id, p_user, p_endpoint, p_p256dh, p_auth, p_origin, p_locale)
    ON CONFLICT (endpoint) DO NOTHING;
    IF FOUND THEN
      RETURN 'created';
    END IF;
    -- Somebody was faster: judge what is there now.
  END LOOP;
END $$;

-- The smallest id that a notification of this time can have.
CREATE FUNCTION notification_id_floor(p_at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT rpad(lpad(to_hex((extract(epoch FROM p_at) * 1000)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- Counts the hours that are over for good and not yet counted, at most p_hours of them. The type `all` stands for every hour, the empty ones too.
CREATE FUNCTION count_notifications(p_now timestamptz, p_hours int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  v_hour timestamptz;
  v_end timestamptz := date_trunc('hour', coalesce(p_now, now()) - interval '10 minutes', 'UTC');
  v_counted int := 0;
BEGIN
  SELECT max(hour) + interval '1 hour' INTO v_hour FROM notification_totals WHERE type = 'all';
  IF v_hour IS NULL THEN
    SELECT date_trunc('hour', created_at, 'UTC') INTO v_hour FROM notifications ORDER BY id LIMIT 1;
  END IF;
  WHILE v_hour < v_end AND v_counted < p_hours LOOP
    INSERT INTO notification_totals (hour, type, count)
    SELECT v_hour, coalesce(type, 'all'), count(*) FROM notifications
    WHERE id >= notification_id_floor(v_hour) AND id < notification_id_floor(v_hour + interval '1 hour')
    GROUP BY ROLLUP (type)
    ON CONFLICT DO NOTHING;
    v_hour := v_hour + interval '1 hour';
    v_counted := v_counted + 1;
  END LOOP;
  RETURN v_counted;
END $$;
