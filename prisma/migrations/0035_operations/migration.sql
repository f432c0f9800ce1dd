-- Until when somebody may read and not write, and why.
ALTER TABLE "user_access" ADD COLUMN "muted_until" TIMESTAMPTZ(3), ADD COLUMN "muted_reason" TEXT;

-- Who writes how much, and how soon people are answered: kept by a job, so that no request reads messages for it.
CREATE TABLE "engagement_progress" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "position" BIGINT NOT NULL DEFAULT 0,
    "target" BIGINT NOT NULL DEFAULT 0,
    "target_xid" xid8 NOT NULL,
    "target_at" TIMESTAMPTZ(3) NOT NULL,
    "counted_at" TIMESTAMPTZ(3),

    CONSTRAINT "engagement_progress_pkey" PRIMARY KEY ("id")
);
INSERT INTO "engagement_progress" ("target_xid", "target_at") VALUES ('0', now());

CREATE TABLE "engagement_hours" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "messages" BIGINT NOT NULL,

    CONSTRAINT "engagement_hours_pkey" PRIMARY KEY ("hour")
);

CREATE TABLE "engagement_days" (
    "day" DATE NOT NULL,
    "active_users" INTEGER NOT NULL DEFAULT 0,
    "last_users" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "engagement_days_pkey" PRIMARY KEY ("day")
);

CREATE TABLE "engagement_users" (
    "user_id" TEXT NOT NULL,
    "last_day" DATE NOT NULL,

    CONSTRAINT "engagement_users_pkey" PRIMARY KEY ("user_id")
);

-- Without a foreign key, whose look-ups would take locks on chats that people write in.
CREATE TABLE "engagement_chats" (
    "chat_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "role" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "engagement_chats_pkey" PRIMARY KEY ("chat_id")
);

CREATE TABLE "engagement_answers" (
    "day" DATE NOT NULL,
    "role" TEXT NOT NULL,
    "bucket" SMALLINT NOT NULL,
    "answers" INTEGER NOT NULL,

    CONSTRAINT "engagement_answers_pkey" PRIMARY KEY ("day", "role", "bucket")
);

-- Counts the next messages in the order of their numbers, each once: where it stands moves in the same transaction. A number that was given
-- out may be committed late; so it goes no further than to where it looked before, once all transactions of that moment are over.
CREATE FUNCTION roll_up_engagement(p_limit int) RETURNS TABLE (counted int, more boolean) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v engagement_progress;
  v_last bigint;
  v_counted int := 0;
BEGIN
  SELECT * INTO v FROM engagement_progress WHERE id = 1 FOR UPDATE SKIP LOCKED;
  -- Somebody else is at it, or transactions of that moment are still open.
  IF NOT FOUND OR pg_snapshot_xmin(pg_current_snapshot()) < v.target_xid THEN
    RETURN QUERY SELECT 0, false;
    RETURN;
  END IF;

  IF v.position < v.target THEN
    WITH batch AS MATERIALIZED (
      SELECT number, chat_id, seq, sender_id, sender_role AS role, created_at, (created_at AT TIME ZONE 'UTC')::date AS day,
        type IN ('text', 'image', 'file', 'audio') AND sender_role <> 'system' AS counts
      FROM messages WHERE number > v.position AND number <= v.target ORDER BY number LIMIT p_limit
    ), said AS MATERIALIZED (
      SELECT * FROM batch WHERE counts
    ), hours AS (
      INSERT INTO engagement_hours AS h (hour, messages)
      SELECT date_trunc('hour', created_at, 'UTC'), count(*) FROM said GROUP BY 1 ORDER BY 1
      ON CONFLICT (hour) DO UPDATE SET messages = h.messages + excluded.messages
    ), news AS MATERIALIZED (
      SELECT s.sender_id, s.day, u.last_day FROM (SELECT DISTINCT sender_id, day FROM said) s
      LEFT JOIN LATERAL (SELECT last_day FROM engagement_users WHERE user_id = s.sender_id OFFSET 0) u ON true
      WHERE u.last_day IS NULL OR s.day > u.last_day
    ), moved AS MATERIALIZED (
      SELECT sender_id, min(last_day) AS old_day, max(day) AS new_day FROM news GROUP BY sender_id
    ), users AS (
      INSERT INTO engagement_users (user_id, last_day) SELECT sender_id, new_day FROM moved ORDER BY sender_id
      ON CONFLICT (user_id) DO UPDATE SET last_day = excluded.last_day
    ), days AS (
      INSERT INTO engagement_days AS d (day, active_users, last_users)
      SELECT day, sum(active), sum(last) FROM (
        SELECT day, 1 AS active, 0 AS last FROM news
        UNION ALL SELECT new_day, 0, 1 FROM moved
        UNION ALL SELECT old_day, 0, -1 FROM moved WHERE old_day IS NOT NULL
      ) changes GROUP BY day ORDER BY day
      ON CONFLICT (day) DO UPDATE SET active_users = d.active_users + excluded.active_users, last_users = d.last_users + excluded.last_users
    ), talk AS MATERIALIZED (
      SELECT chat_id, seq, role, created_at, false AS known FROM said
      UNION ALL
      SELECT c.chat_id, c.seq, c.role, c.since, true FROM (SELECT DISTINCT chat_id FROM said) s
      CROSS JOIN LATERAL (SELECT * FROM engagement_chats WHERE chat_id = s.chat_id OFFSET 0) c
    ), turns AS (
      SELECT *, lag(role) OVER (PARTITION BY chat_id ORDER BY seq) AS previous_role FROM talk
    ), runs AS MATERIALIZED (
      SELECT *, lag(created_at) OVER (PARTITION BY chat_id ORDER BY seq) AS waiting_since FROM turns
      WHERE previous_role IS DISTINCT FROM role
    ), answers AS (
      INSERT INTO engagement_answers AS a (day, role, bucket, answers)
      SELECT (created_at AT TIME ZONE 'UTC')::date, role,
        floor(10 * ln(greatest(1, extract(epoch FROM created_at - waiting_since))))::smallint, count(*)
      FROM runs WHERE NOT known AND waiting_since IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
      ON CONFLICT (day, role, bucket) DO UPDATE SET answers = a.answers + excluded.answers
    ), chats AS (
      INSERT INTO engagement_chats (chat_id, seq, role, since)
      SELECT r.chat_id, t.seq, r.role, r.created_at
      FROM (SELECT DISTINCT ON (chat_id) * FROM runs ORDER BY chat_id, seq DESC) r
      JOIN (SELECT chat_id, max(seq) AS seq FROM talk GROUP BY chat_id) t ON t.chat_id = r.chat_id ORDER BY r.chat_id
      ON CONFLICT (chat_id) DO UPDATE SET seq = excluded.seq, role = excluded.role, since = excluded.since
    )
    SELECT count(*), max(number) INTO v_counted, v_last FROM batch;
    v.position := CASE WHEN v_counted < p_limit THEN v.target ELSE v_last END;
  END IF;

  IF v.position >= v.target THEN
    v.counted_at := v.target_at;
    v.target := greatest(v.target, (SELECT number FROM messages ORDER BY number DESC LIMIT 1));
    v.target_xid := pg_snapshot_xmax(pg_current_snapshot());
    v.target_at := clock_timestamp();
  END IF;
  UPDATE engagement_progress
  SET position = v.position, target = v.target, target_xid = v.target_xid, target_at = v.target_at, counted_at = v.counted_at WHERE id = 1;
  RETURN QUERY SELECT v_counted, v.position < v.target;
END $$;
