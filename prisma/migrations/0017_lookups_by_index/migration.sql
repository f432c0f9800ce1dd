-- Every statement of a request finds its rows by the one index that is meant for them, whatever the planner believes. It makes a plan once per
-- connection, often when a table holds a row or two: then each index looks like any other, a join may begin at either end, and such a plan
-- reads the whole chat, or all chats, for as long as it is kept. `OFFSET 0` keeps a look-up a look-up, and an order names the index.
CREATE OR REPLACE FUNCTION append_messages(
  p_ids uuid[], p_chats uuid[], p_senders text[], p_roles text[], p_types text[], p_contents text[],
  p_attachment_urls text[], p_attachment_types text[], p_metadata text[], p_reply_tos uuid[],
  p_client_ids text[], p_digests text[], p_trusted boolean[], p_audience_limit int
) RETURNS TABLE (
  place int, outcome text, message_id uuid, message_number bigint, message_seq int, message_rev int,
  stored_at timestamptz, audience text[]
) LANGUAGE plpgsql
-- Batches are small and every lookup has its index; without this, a plan made on an empty table reads whole tables for good.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
-- A chat that somebody holds for long must not hold up the others: the caller then tries its chats one by one.
SET lock_timeout = '300ms'
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3);
  v_sent record;
BEGIN
  -- In id order, so that two nodes never wait for each other in a circle.
  PERFORM 1 FROM chats WHERE id = ANY (p_chats) ORDER BY id FOR NO KEY UPDATE;
  -- Read under the locks, so that times do not run against the numbering.
  v_now := clock_timestamp();

  RETURN QUERY
  WITH input AS (
    SELECT * FROM unnest(
      p_ids, p_chats, p_senders, p_roles, p_types, p_contents, p_attachment_urls, p_attachment_types, p_metadata,
      p_reply_tos, p_client_ids, p_digests, p_trusted
    ) WITH ORDINALITY AS i(
      id, chat_id, sender_id, sender_role, type, content, attachment_url, attachment_type, metadata,
      reply_to, client_id, digest, trusted, place
    )
  ), judged AS (
    SELECT i.*, c.last_seq, c.last_rev, original.id AS original_id,
      CASE
        WHEN c.id IS NULL OR (m.user_id IS NULL AND NOT i.trusted) THEN 'chat_not_found'
        WHEN original.id IS NOT NULL AND original.digest = i.digest THEN 'duplicate'
        WHEN original.id IS NOT NULL THEN 'client_id_reused'
        WHEN c.status <> 'active' THEN 'chat_closed'
        WHEN i.reply_to IS NOT NULL AND replied.chat_id IS DISTINCT FROM i.chat_id THEN 'reply_to_not_found'
        ELSE 'created'
      END AS outcome
    FROM input i
    LEFT JOIN chats c ON c.id = i.chat_id
    LEFT JOIN members m ON m.chat_id = i.chat_id AND m.user_id = i.sender_id AND m.left_at IS NULL
    LEFT JOIN LATERAL (
      SELECT o.id, o.digest, o.chat_id, o.sender_id, o.client_id FROM messages o
      WHERE i.client_id IS NOT NULL AND o.client_id IS NOT NULL
        AND (o.chat_id, o.sender_id, o.client_id) >= (i.chat_id, i.sender_id, i.client_id)
      ORDER BY o.chat_id, o.sender_id, o.client_id LIMIT 1
    ) original ON original.chat_id = i.chat_id AND original.sender_id = i.sender_id AND original.client_id = i.client_id
    LEFT JOIN messages replied ON replied.id = i.reply_to
  ), stored AS (
    INSERT INTO messages (
      id, chat_id, seq, rev, sender_id, sender_role, type, content, attachment_url, attachment_type, metadata,
      reply_to, client_id, digest, created_at
    )
    SELECT id, chat_id,
      last_seq + row_number() OVER (PARTITION BY chat_id ORDER BY place),
      last_rev + row_number() OVER (PARTITION BY chat_id ORDER BY place),
      sender_id, sender_role, type::message_type, content, attachment_url, attachment_type, metadata::jsonb,
      reply_to, client_id, digest, v_now
    FROM judged WHERE outcome = 'created'
    ORDER BY place
    RETURNING id, number, chat_id, seq, rev
  ), grown AS (
    UPDATE chats c
    SET last_seq = last_seq + s.count, last_rev = last_rev + s.count, changed_xid = pg_current_xact_id(), updated_at = v_now
    FROM (SELECT chat_id, count(*)::int AS count, min(seq) AS first_seq FROM stored GROUP BY chat_id) s
    WHERE c.id = s.chat_id
    RETURNING c.id, c.member_count, c.last_rev, c.last_seq, s.first_seq
  ), logged AS (
    INSERT INTO commits (chat_ids, revs, seqs)
    SELECT array_agg(id), array_agg(last_rev), array_agg(last_seq) FROM grown HAVING count(*) > 0
  )
  SELECT j.place::int, j.outcome, coalesce(s.id, j.original_id), s.number, s.seq, s.rev, v_now,
    CASE WHEN g.id IS NOT NULL AND g.member_count <= p_audience_limit THEN
      ARRAY(SELECT user_id FROM members WHERE chat_id = g.id AND left_at IS NULL)
    END
  FROM judged j
  LEFT JOIN stored s ON s.id = j.id
  LEFT JOIN grown g ON g.id = s.chat_id AND g.first_seq = s.seq;

  -- Sending counts as reading up to one's own message: first the reading times of the messages passed, then the positions.
  -- Only the newest 500 get their time: a position that jumps over a long backlog must not write it anew.
  UPDATE messages SET read_at = v_now WHERE id = ANY (ARRAY(
    SELECT unread.id
    FROM (
      SELECT sent.chat_id, sent.sender_id, max(sent.seq) AS seq
      FROM unnest(p_ids) AS i(id)
      CROSS JOIN LATERAL (SELECT chat_id, sender_id, seq FROM messages WHERE id = i.id OFFSET 0) sent
      GROUP BY sent.chat_id, sent.sender_id
    ) s
    CROSS JOIN LATERAL (
      SELECT coalesce(shown_read_seq, read_seq) AS seq FROM members
      WHERE chat_id = s.chat_id AND user_id = s.sender_id AND left_at IS NULL OFFSET 0
    ) shown
    CROSS JOIN LATERAL (
      SELECT p.id FROM messages p
      WHERE p.chat_id = s.chat_id AND p.seq > greatest(shown.seq, s.seq - 500) AND p.seq < s.seq
        AND p.sender_id <> s.sender_id AND p.read_at IS NULL
      ORDER BY p.seq LIMIT 500
    ) unread
  ));

  -- One by one, because a join could begin with the members as well.
  FOR v_sent IN
    SELECT sent.chat_id, sent.sender_id, max(sent.seq) AS seq, max(sent.rev) AS rev
    FROM unnest(p_ids) AS i(id)
    CROSS JOIN LATERAL (SELECT chat_id, sender_id, seq, rev FROM messages WHERE id = i.id OFFSET 0) sent
    GROUP BY sent.chat_id, sent.sender_id
  LOOP
    UPDATE members
    SET read_seq = v_sent.seq, shown_read_seq = NULL, delivered_seq = v_sent.seq, rev = v_sent.rev, changed_xid = pg_current_xact_id()
    WHERE chat_id = v_sent.chat_id AND user_id = v_sent.sender_id AND left_at IS NULL;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION move_positions(
  p_chats uuid[], p_users text[], p_kinds text[], p_seqs int[], p_named_places int[], p_named uuid[],
  p_audience_limit int, p_skip_held boolean
) RETURNS TABLE (
  place int, outcome text, read_seq int, shown_seq int, delivered_seq int, last_seq int,
  read_rev int, delivered_rev int, is_private boolean, moved_at timestamptz, audience text[]
) LANGUAGE plpgsql
-- As in append_messages: batches are small, every lookup has its index, and a held chat must not hold up the others.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET lock_timeout = '300ms'
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3);
  v_locked uuid[];
BEGIN
  -- In id order like every transaction that locks several chats, so that nobody waits in a circle.
  IF p_skip_held THEN
    v_locked := ARRAY(SELECT id FROM chats WHERE id = ANY (p_chats) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
  ELSE
    v_locked := ARRAY(SELECT id FROM chats WHERE id = ANY (p_chats) ORDER BY id FOR NO KEY UPDATE);
  END IF;
  v_now := clock_timestamp();

  RETURN QUERY
  WITH named AS (
    SELECT n.place, max(m.seq) AS seq
    FROM unnest(p_named_places, p_named) AS n(place, id)
    CROSS JOIN LATERAL (SELECT chat_id, seq FROM messages WHERE id = n.id OFFSET 0) m
    WHERE m.chat_id = p_chats[n.place]
    GROUP BY n.place
  ), judged AS (
    SELECT a.place, a.chat_id, a.user_id, a.kind, coalesce(a.seq, n.seq) AS up_to,
      c.last_seq, c.last_rev, c.member_count <= p_audience_limit AS is_small,
      m.read_seq, coalesce(m.shown_read_seq, m.read_seq) AS shown_seq, m.delivered_seq,
      coalesce(s.private_reading, false) AS is_private,
      CASE
        WHEN c.id IS NOT NULL AND c.id <> ALL (v_locked) THEN 'held'
        WHEN m.user_id IS NULL THEN 'not_a_member'
        WHEN coalesce(a.seq, n.seq) IS NULL THEN 'message_not_found'
        WHEN coalesce(a.seq, n.seq) > c.last_seq THEN 'beyond_the_end'
        ELSE 'ok'
      END AS outcome
    FROM unnest(p_chats, p_users, p_kinds, p_seqs) WITH ORDINALITY AS a(chat_id, user_id, kind, seq, place)
    LEFT JOIN chats c ON c.id = a.chat_id
    LEFT JOIN members m ON m.chat_id = a.chat_id AND m.user_id = a.user_id AND m.left_at IS NULL
    LEFT JOIN named n ON n.place = a.place
    LEFT JOIN user_settings s ON s.user_id = a.user_id
  ), wanted AS (
    -- A large chat's delivered positions stay where they are: a thousand members would make a thousand revisions per message.
    SELECT chat_id, user_id, last_rev, read_seq, shown_seq, delivered_seq, is_private,
      coalesce(max(up_to) FILTER (WHERE kind = 'read'), 0) AS read_to,
      coalesce(max(up_to) FILTER (WHERE kind = 'delivered' AND is_small), 0) AS delivered_to
    FROM judged WHERE outcome = 'ok'
    GROUP BY chat_id, user_id, last_rev, read_seq, shown_seq, delivered_seq, is_private
  ), moved AS (
    -- What is read has been delivered; told of a private reading, that would give it away.
    SELECT w.*,
      greatest(read_seq, read_to) AS new_read,
      CASE WHEN is_private THEN shown_seq ELSE greatest(shown_seq, read_to) END AS new_shown,
      greatest(delivered_seq, delivered_to, CASE WHEN is_private THEN 0 ELSE read_to END) AS new_delivered
    FROM wanted w
  ), counted AS (
    SELECT *, new_shown > shown_seq AS tells_read,
      new_delivered > greatest(delivered_seq, new_shown) AS tells_delivered,
      new_read > read_seq AND new_shown = shown_seq AS is_silent
    FROM moved
  ), numbered AS (
    SELECT *, tells_read::int + tells_delivered::int AS taken,
      (last_rev + sum(tells_read::int + tells_delivered::int) OVER (PARTITION BY chat_id ORDER BY user_id))::int AS rev
    FROM counted
  ), grown AS (
    UPDATE chats c SET last_rev = n.rev, changed_xid = pg_current_xact_id()
    FROM (SELECT chat_id, max(rev) AS rev FROM numbered WHERE taken > 0 GROUP BY chat_id) n
    WHERE c.id = n.chat_id
    RETURNING c.id, c.last_rev, c.last_seq, c.member_count
  ), placed AS (
    UPDATE members m
    SET read_seq = n.new_read, shown_read_seq = nullif(n.new_shown, n.new_read), delivered_seq = n.new_delivered,
      rev = CASE WHEN n.taken > 0 THEN n.rev ELSE m.rev END,
      changed_xid = CASE WHEN n.taken > 0 THEN pg_current_xact_id() ELSE m.changed_xid END,
      own_xid = CASE WHEN n.is_silent THEN pg_current_xact_id() ELSE m.own_xid END
    FROM numbered n
    WHERE m.chat_id = n.chat_id AND m.user_id = n.user_id AND (n.taken > 0 OR n.is_silent)
  ), stamped AS (
    -- Only the newest 500 get their time: a position that jumps over a long backlog must not write it anew.
    UPDATE messages SET read_at = v_now WHERE id = ANY (ARRAY(
      SELECT passed.id FROM numbered n
      CROSS JOIN LATERAL (
        SELECT p.id FROM messages p
        WHERE p.chat_id = n.chat_id AND p.seq > greatest(n.shown_seq, n.new_shown - 500) AND p.seq <= n.new_shown
          AND p.sender_id <> n.user_id AND p.read_at IS NULL
        ORDER BY p.seq LIMIT 500
      ) passed
      WHERE n.tells_read
    ))
  ), logged AS (
    INSERT INTO commits (chat_ids, revs, seqs, readers, reader_chat_ids, reader_seqs)
    SELECT told.ids, told.revs, told.seqs, silent.users, silent.chats, silent.seqs
    FROM (SELECT array_agg(id) AS ids, array_agg(last_rev) AS revs, array_agg(last_seq) AS seqs FROM grown) told,
      (SELECT array_agg(user_id) AS users, array_agg(chat_id) AS chats, array_agg(new_read) AS seqs
       FROM numbered WHERE is_silent) silent
    WHERE told.ids IS NOT NULL OR silent.users IS NOT NULL
  )
  SELECT j.place::int, j.outcome, n.new_read, n.new_shown, n.new_delivered, j.last_seq,
    CASE WHEN n.tells_read THEN n.rev - n.tells_delivered::int END,
    CASE WHEN n.tells_delivered THEN n.rev END,
    coalesce(n.is_silent, false), v_now,
    CASE WHEN g.member_count <= p_audience_limit
      AND row_number() OVER (PARTITION BY j.chat_id ORDER BY n.chat_id IS NULL, j.place) = 1
    THEN ARRAY(SELECT user_id FROM members WHERE chat_id = g.id AND left_at IS NULL) END
  FROM judged j
  LEFT JOIN numbered n ON j.outcome = 'ok' AND n.chat_id = j.chat_id AND n.user_id = j.user_id
  LEFT JOIN grown g ON g.id = j.chat_id;
END $$;

CREATE OR REPLACE FUNCTION notifiable_messages(p_chat uuid, p_after int, p_to int) RETURNS TABLE (
  seq int, author text, type text, category text, created_at timestamptz
) LANGUAGE sql STABLE AS $$
  SELECT m.seq,
    CASE WHEN m.seq = 1 AND m.type = 'system' AND m.sender_id = 'system' AND c.type = 'order' THEN c.created_by ELSE m.sender_id END,
    t.type, notification_category(t.type), m.created_at
  FROM (SELECT type, created_by FROM chats WHERE id = p_chat OFFSET 0) c
  CROSS JOIN LATERAL (
    SELECT * FROM messages WHERE chat_id = p_chat AND seq > p_after AND seq <= p_to ORDER BY seq OFFSET 0
  ) m
  CROSS JOIN LATERAL (SELECT CASE
    WHEN m.type = 'order_update' THEN 'order_update'
    WHEN m.type = 'receipt_shared' THEN 'receipt'
    WHEN m.type = 'system' AND m.seq = 1 AND m.sender_id = 'system' AND c.type = 'order' THEN 'new_order'
    WHEN m.type = 'system' THEN 'system'
    WHEN c.type = 'group' THEN 'group_message'
    ELSE 'new_message'
  END) AS t(type)
  WHERE m.deleted_at IS NULL
    AND NOT (m.type = 'system' AND m.sender_id = 'system' AND coalesce(m.metadata ? 'changed_by', false))
$$;

-- The collector is otherwise as it was; so what joins and what notes the end are changed where they stand.
DO $$
DECLARE
  v_collector regprocedure := (
    SELECT oid FROM pg_proc WHERE proname = 'collect_notifications' AND pronargs = 5 AND pronamespace = current_schema()::regnamespace
  );
  v_text text := pg_get_functiondef(v_collector);
  v_inside text := 'm.chat_id = t.chat_id AND m.left_at IS NULL AND (m.role <> ''guest'' OR m.muted_until IS NULL OR m.muted_until <= v_now)';
  v_members text := 'JOIN members m ON ' || v_inside;
  v_noted text := E'SET notified_seq = r.to_seq\n  FROM unnest(v_chats, v_to) AS r(chat_id, to_seq)\n  WHERE c.id = r.chat_id AND c.notified_seq < r.to_seq';
  v_place text := 'v_to[array_position(v_chats, c.id)]';
BEGIN
  IF (length(v_text) - length(replace(v_text, v_members, ''))) / length(v_members) <> 2 OR position(v_noted IN v_text) = 0 THEN
    RAISE EXCEPTION 'collect_notifications does not look as this migration knows it';
  END IF;
  v_text := replace(v_text, v_members, 'CROSS JOIN LATERAL (SELECT * FROM members m WHERE ' || v_inside || ' OFFSET 0) m');
  EXECUTE replace(v_text, v_noted, 'SET notified_seq = ' || v_place || ' WHERE c.id = ANY (v_chats) AND c.notified_seq < ' || v_place);
END $$;

-- Statements that are planned anew each time can tell the indexes apart when they know that many messages share a chat.
ALTER TABLE "messages" ALTER COLUMN "chat_id" SET (n_distinct = -0.01);
