-- Types
CREATE TYPE "campaign_state" AS ENUM ('scheduled', 'running', 'paused', 'cancelled', 'done');

-- Tables
CREATE TABLE "campaigns" (
    "id" UUID NOT NULL,
    "created_by" TEXT NOT NULL,
    "client_id" TEXT,
    "digest" TEXT,
    "audience" JSONB NOT NULL,
    "notification" JSONB NOT NULL,
    "variants" JSONB NOT NULL DEFAULT '[]',
    "category" TEXT NOT NULL,
    "critical" BOOLEAN NOT NULL DEFAULT false,
    "state" "campaign_state" NOT NULL,
    "send_at" TIMESTAMPTZ(3) NOT NULL,
    "position" TEXT,
    "total" INTEGER NOT NULL DEFAULT 0,
    "expanded" BOOLEAN NOT NULL DEFAULT false,
    "step" INTEGER NOT NULL DEFAULT 0,
    "counts" JSONB,
    "counted_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stepped_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "paused_at" TIMESTAMPTZ(3),
    "done_at" TIMESTAMPTZ(3),

    CONSTRAINT "campaigns_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "campaign_recipients" (
    "campaign_id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,

    CONSTRAINT "campaign_recipients_pkey" PRIMARY KEY ("campaign_id", "user_id")
);

-- Indexes
CREATE UNIQUE INDEX "campaigns_created_by_client_id_key" ON "campaigns"("created_by", "client_id");
CREATE INDEX "campaigns_open_idx" ON "campaigns"("send_at") WHERE (done_at IS NULL);
-- What of a campaign is not done yet: a few thousand rows at most times, however large the campaign is.
CREATE INDEX "notifications_campaign_open_idx" ON "notifications"("campaign_id", "due_at") WHERE (campaign_id IS NOT NULL AND state IN ('pending', 'waiting', 'due'));

ALTER TABLE "campaign_recipients" ADD CONSTRAINT "campaign_recipients_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The next recipients of a campaign behind its position, at most p_limit; of people it looks at no more than p_scan, so that a step is
-- short however few of them are meant.
CREATE FUNCTION next_recipients(p_campaign campaigns, p_scan int, p_limit int) RETURNS TABLE (
  user_ids text[], last_id text, is_last boolean
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  v_after text := coalesce(p_campaign.position, '');
  v_segment jsonb := coalesce(p_campaign.audience -> 'segment', jsonb_build_object('roles', p_campaign.audience -> 'user_roles'));
  v_roles text[] := CASE WHEN jsonb_typeof(v_segment -> 'roles') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(v_segment -> 'roles')) END;
  v_locales text[] := CASE WHEN v_segment ? 'locales' THEN ARRAY(SELECT jsonb_array_elements_text(v_segment -> 'locales')) END;
  v_active_since timestamptz := v_segment ->> 'active_since';
  v_joined_before timestamptz := v_segment ->> 'joined_before';
  v_has_subscription boolean := v_segment ->> 'has_subscription';
BEGIN
  IF p_campaign.audience ? 'user_count' THEN
    RETURN QUERY
    SELECT coalesce(array_agg(r.user_id), '{}'), max(r.user_id), count(*) < p_limit
    FROM (
      SELECT c.user_id FROM campaign_recipients c WHERE c.campaign_id = p_campaign.id AND c.user_id > v_after ORDER BY c.user_id LIMIT p_limit
    ) r;
    RETURN;
  END IF;
  RETURN QUERY
  WITH scanned AS MATERIALIZED (
    SELECT u.id, u.role, u.created_at, u.updated_at FROM users u WHERE u.id > v_after ORDER BY u.id LIMIT p_scan
  ), meant AS MATERIALIZED (
    SELECT s.id FROM scanned s
    WHERE (v_roles IS NULL OR s.role = ANY (v_roles))
      AND (v_active_since IS NULL OR s.updated_at >= v_active_since)
      AND (v_joined_before IS NULL OR s.created_at < v_joined_before)
      AND (v_has_subscription IS NULL OR v_has_subscription = EXISTS (SELECT FROM push_subscriptions p WHERE p.user_id = s.id))
      AND (v_locales IS NULL OR EXISTS (
        SELECT FROM (
          SELECT n.locale FROM notification_settings n WHERE n.user_id = s.id
          UNION ALL SELECT p.locale FROM push_subscriptions p WHERE p.user_id = s.id
        ) spoken
        JOIN unnest(v_locales) AS w(locale) ON replace(lower(spoken.locale), '_', '-') || '-' LIKE w.locale || '-%'
      ))
    ORDER BY s.id LIMIT p_limit
  ), ends AS (
    SELECT (SELECT array_agg(id) FROM meant) AS ids, (SELECT count(*) FROM meant) = p_limit AS is_full,
      (SELECT max(id) FROM meant) AS last_meant, (SELECT count(*) FROM scanned) AS looked_at, (SELECT max(id) FROM scanned) AS last_scanned
  )
  SELECT coalesce(ids, '{}'), CASE WHEN is_full THEN last_meant ELSE last_scanned END, NOT is_full AND looked_at < p_scan FROM ends;
END $$;

-- Makes the notifications of these people. Which variant somebody gets depends on nothing but the campaign and them.
CREATE FUNCTION add_recipients(p_campaign campaigns, p_user_ids text[], p_now timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  v_names text[];
  v_floors float8[];
  v_weight float8;
  v_added int;
BEGIN
  SELECT array_agg(name ORDER BY place), array_agg(coalesce(below, 0) ORDER BY place), sum(weight) INTO v_names, v_floors, v_weight
  FROM (
    SELECT place, v ->> 'name' AS name, (v ->> 'weight')::float8 AS weight,
      sum((v ->> 'weight')::float8) OVER (ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS below
    FROM jsonb_array_elements(p_campaign.variants) WITH ORDINALITY AS e(v, place)
  ) w;
  INSERT INTO notifications (id, user_id, type, category, critical, campaign_id, variant, state, newest_at, due_at, created_at)
  SELECT new_notification_id(p_now), u.id, 'campaign', p_campaign.category, p_campaign.critical, p_campaign.id,
    CASE WHEN v_names IS NOT NULL THEN v_names[width_bucket(
      -- The first 32 bits of a hash that means the same on every version of Postgres, as a share of all weights.
      ('x' || left(md5(p_campaign.id || ' ' || u.id), 8))::bit(32)::bigint / 4294967296.0::float8 * v_weight, v_floors)] END,
    'pending', p_now, p_now, p_now
  FROM unnest(p_user_ids) AS u(id)
  ON CONFLICT (campaign_id, user_id) WHERE campaign_id IS NOT NULL DO NOTHING;
  GET DIAGNOSTICS v_added = ROW_COUNT;
  RETURN v_added;
END $$;

-- Cancels what is still open of a campaign, at most p_limit. What a push service has in its hands may still be accepted; that counts.
CREATE FUNCTION cancel_recipients(p_id uuid, p_limit int, p_now timestamptz) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  v_ids uuid[] := ARRAY(
    SELECT id FROM notifications WHERE campaign_id = p_id AND state IN ('pending', 'waiting', 'due') ORDER BY due_at LIMIT p_limit
  );
BEGIN
  -- In the order in which deliveries are claimed and recorded, so that nobody waits in a circle.
  PERFORM 1 FROM notifications WHERE id = ANY (v_ids) ORDER BY id FOR UPDATE;
  UPDATE notifications SET state = 'cancelled', reason = 'campaign_cancelled', done_at = p_now
  WHERE id = ANY (v_ids) AND state IN ('pending', 'waiting', 'due');
  UPDATE deliveries SET state = 'expired', done_at = p_now WHERE notification_id = ANY (v_ids) AND state = 'claimed';
END $$;

-- A campaign's notifications in numbers: by variant, state and reason.
CREATE FUNCTION campaign_counts(p_id uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY variant, state, reason), '[]')
  FROM (
    SELECT variant, state, reason, count(*) AS count, count(opened_at) AS opened, count(clicked_at) AS clicked
    FROM notifications WHERE campaign_id = p_id GROUP BY variant, state, reason
  ) c
$$;

-- The numbers as of at most p_max_age ago for each 100,000 notifications: however often somebody asks, the database counts seldom. When
-- notifications have been removed because they are old, the last complete numbers stand.
CREATE FUNCTION read_campaign_counts(p_id uuid, p_max_age interval, p_now timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v campaigns;
  v_now timestamptz(3) := coalesce(p_now, clock_timestamp());
  v_counts jsonb;
BEGIN
  SELECT * INTO v FROM campaigns WHERE id = p_id;
  IF v.counted_at > v_now - p_max_age * greatest(1, v.total / 100000.0) THEN
    RETURN v.counts;
  END IF;
  v_counts := campaign_counts(p_id);
  IF v.counts IS NOT NULL AND (SELECT coalesce(sum((c ->> 'count')::int), 0) FROM jsonb_array_elements(v_counts) c) < v.total THEN
    RETURN v.counts;
  END IF;
  -- Who expands it at the moment need not be waited for.
  UPDATE campaigns SET counts = v_counts, counted_at = v_now
  WHERE id = (SELECT id FROM campaigns WHERE id = p_id FOR NO KEY UPDATE SKIP LOCKED);
  RETURN v_counts;
END $$;

-- Takes a campaign one step further: the next recipients get their notifications, or the next of a cancelled one are cancelled. Of two
-- that name the same step only one takes it, and nothing comes after the other.
CREATE FUNCTION expand_campaign(p_id uuid, p_step int, p_limit int, p_scan int, p_most_ready int, p_now timestamptz) RETURNS TABLE (
  campaign_state campaign_state, added int, next_step int, is_held boolean
) LANGUAGE plpgsql AS $$
DECLARE
  v campaigns;
  v_now timestamptz(3);
  v_page record;
  v_added int := 0;
  v_held boolean := false;
BEGIN
  SELECT * INTO v FROM campaigns WHERE id = p_id FOR NO KEY UPDATE;
  v_now := coalesce(p_now, clock_timestamp());
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF v.state = 'scheduled' AND v.send_at <= v_now THEN
    v.state := 'running';
    v.started_at := v_now;
  END IF;
  IF p_step <> v.step OR v.done_at IS NOT NULL OR v.state IN ('scheduled', 'paused') THEN
    RETURN QUERY SELECT v.state, 0, NULL::int, false;
    RETURN;
  END IF;

  IF v.state = 'cancelled' THEN
    PERFORM cancel_recipients(p_id, p_limit, v_now);
  ELSIF NOT v.expanded THEN
    -- Those that wait for their morning don't count: the others need not wait for it too.
    v_held := (SELECT count(*) > p_most_ready FROM (
      SELECT FROM notifications WHERE campaign_id = p_id AND state IN ('pending', 'waiting', 'due') AND due_at <= v_now + interval '1 minute'
      LIMIT p_most_ready + 1
    ) ready);
    IF NOT v_held THEN
      SELECT * INTO v_page FROM next_recipients(v, p_scan, p_limit);
      v_added := add_recipients(v, v_page.user_ids, v_now);
      v.position := coalesce(v_page.last_id, v.position);
      v.expanded := v_page.is_last;
    END IF;
  END IF;
  IF (v.expanded OR v.state = 'cancelled') AND NOT EXISTS (
    SELECT FROM notifications WHERE campaign_id = p_id AND state IN ('pending', 'waiting', 'due')
  ) THEN
    v.done_at := v_now;
    v.state := CASE WHEN v.state = 'cancelled' THEN 'cancelled' ELSE 'done' END;
    v.counts := campaign_counts(p_id);
    v.counted_at := v_now;
  END IF;
  UPDATE campaigns SET state = v.state, started_at = v.started_at, position = v.position, expanded = v.expanded, total = v.total + v_added,
    step = v.step + 1, stepped_at = v_now, done_at = v.done_at, counts = v.counts,
    counted_at = v.counted_at
  WHERE id = p_id;
  RETURN QUERY SELECT v.state, v_added,
    CASE WHEN v.done_at IS NULL AND (v.state = 'cancelled' OR NOT v.expanded) THEN v.step + 1 END, v_held;
END $$;
