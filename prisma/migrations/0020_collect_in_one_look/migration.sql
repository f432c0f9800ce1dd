-- The collector looked through all new messages once more for each of their authors. Where hundreds of people write in one chat at the same time that was
-- most of its work; what an author is told now follows from what everybody is told and from what they wrote themselves. Otherwise it is as it was.
CREATE OR REPLACE FUNCTION collect_notifications(p_chats uuid[], p_now timestamptz, p_max_age interval, p_messages int, p_work int) RETURNS TABLE (
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
    CROSS JOIN LATERAL (SELECT member_count + messages AS work) w
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
    SELECT r.chat_id, r.after_seq, r.last_seq, n.seq, n.author, n.type, n.category, n.created_at,
      first_value(n.author) OVER (PARTITION BY r.chat_id, n.category ORDER BY n.seq) AS first_author,
      first_value(n.author) OVER (PARTITION BY r.chat_id, n.category ORDER BY n.seq DESC) AS last_author,
      count(*) OVER (PARTITION BY r.chat_id, n.category, n.author) AS own
    FROM unnest(v_chats, v_after, v_to) AS r(chat_id, after_seq, last_seq)
    CROSS JOIN LATERAL notifiable_messages(r.chat_id, r.after_seq, r.last_seq) n
  ), told AS MATERIALIZED (
    -- Of everybody's, and what is left of it for who wrote the first or the last one.
    SELECT chat_id, after_seq, last_seq, category, first_author, last_author, count(*)::int AS messages,
      min(seq) AS from_seq, min(seq) FILTER (WHERE author <> first_author) AS other_from_seq,
      max(seq) AS to_seq, max(seq) FILTER (WHERE author <> last_author) AS other_to_seq,
      max(created_at) AS newest_at, max(created_at) FILTER (WHERE author <> last_author) AS other_newest_at,
      (array_agg(type ORDER BY seq DESC))[1] AS type,
      (array_agg(type ORDER BY seq DESC) FILTER (WHERE author <> last_author))[1] AS other_type,
      jsonb_object_agg(author, own) AS by_author
    FROM news GROUP BY chat_id, after_seq, last_seq, category, first_author, last_author
  ), audience AS (
    SELECT t.chat_id, m.user_id, t.category, due.from_seq, due.to_seq, due.messages, due.newest_at, due.type
    FROM told t
    CROSS JOIN LATERAL (
      SELECT * FROM members m
      WHERE m.chat_id = t.chat_id AND m.left_at IS NULL AND (m.role <> 'guest' OR m.muted_until IS NULL OR m.muted_until <= v_now)
      OFFSET 0
    ) m
    CROSS JOIN LATERAL (
      SELECT
        CASE WHEN m.user_id = t.first_author THEN t.other_from_seq ELSE t.from_seq END AS from_seq,
        CASE WHEN m.user_id = t.last_author THEN t.other_to_seq ELSE t.to_seq END AS to_seq,
        t.messages - written.own AS messages,
        CASE WHEN m.user_id = t.last_author THEN t.other_newest_at ELSE t.newest_at END AS newest_at,
        CASE WHEN m.user_id = t.last_author THEN t.other_type ELSE t.type END AS type
      FROM (SELECT coalesce((t.by_author ->> m.user_id)::int, 0) AS own) written
      WHERE m.joined_seq < t.from_seq AND written.own < t.messages
      UNION ALL
      -- Who came while they were written is told of those after that.
      SELECT min(n.seq), max(n.seq), count(*)::int, max(n.created_at), (array_agg(n.type ORDER BY n.seq DESC))[1]
      FROM notifiable_messages(t.chat_id, greatest(t.after_seq, m.joined_seq), t.last_seq) n
      WHERE m.joined_seq >= t.from_seq AND n.category = t.category AND n.author <> m.user_id
      HAVING count(*) > 0
    ) due
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
  UPDATE chats c SET notified_seq = v_to[array_position(v_chats, c.id)]
  WHERE c.id = ANY (v_chats) AND c.notified_seq < v_to[array_position(v_chats, c.id)];
END $$;
