-- Appending asks each index for what it wants in the one way that only this index can answer. A plan is made once per connection, often on an
-- almost empty table, where every index looks as good as another: one that begins with the chat alone then reads the whole chat for each message.
-- So: the client id by its place in its own index's order, what was passed in the order of numbers, everything else by `id`.
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
  UPDATE messages passed SET read_at = v_now
  FROM (
    SELECT sent.chat_id, sent.sender_id, max(sent.seq) AS seq
    FROM messages sent WHERE sent.id = ANY (p_ids) GROUP BY sent.chat_id, sent.sender_id
  ) s
  JOIN members m ON m.chat_id = s.chat_id AND m.user_id = s.sender_id AND m.left_at IS NULL
  CROSS JOIN LATERAL (
    SELECT p.id FROM messages p
    WHERE p.chat_id = s.chat_id AND p.seq > greatest(coalesce(m.shown_read_seq, m.read_seq), s.seq - 500) AND p.seq < s.seq
      AND p.sender_id <> s.sender_id AND p.read_at IS NULL
    ORDER BY p.seq LIMIT 500
  ) unread
  WHERE passed.id = unread.id;

  UPDATE members m
  SET read_seq = s.seq, shown_read_seq = NULL, delivered_seq = s.seq, rev = s.rev, changed_xid = pg_current_xact_id()
  FROM (
    SELECT sent.chat_id, sent.sender_id, max(sent.seq) AS seq, max(sent.rev) AS rev
    FROM messages sent WHERE sent.id = ANY (p_ids) GROUP BY sent.chat_id, sent.sender_id
  ) s
  WHERE m.chat_id = s.chat_id AND m.user_id = s.sender_id AND m.left_at IS NULL;
END $$;
-- Reading writes into the message (`read_at`). With room in the page that touches no index.
ALTER TABLE "messages" SET (fillfactor = 70);
