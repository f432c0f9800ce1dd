-- Receipts: read and delivered positions in groups, and reading in private.

CREATE TABLE "user_settings" (
    "user_id" TEXT NOT NULL,
    "private_reading" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "user_settings_pkey" PRIMARY KEY ("user_id")
);

-- No defaults that must be computed and nothing to fill in: the tables stay as they are, whatever their size.
ALTER TABLE "members" ADD COLUMN "shown_read_seq" INTEGER, ADD COLUMN "own_xid" xid8;
ALTER TABLE "commits" ADD COLUMN "readers" TEXT[], ADD COLUMN "reader_chat_ids" UUID[], ADD COLUMN "reader_seqs" INTEGER[];

-- As before, with one difference: who sends was there, so what they had read in private until then is shown with it.
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
        WHEN i.reply_to IS NOT NULL AND replied.id IS NULL THEN 'reply_to_not_found'
        ELSE 'created'
      END AS outcome
    FROM input i
    LEFT JOIN chats c ON c.id = i.chat_id
    LEFT JOIN members m ON m.chat_id = i.chat_id AND m.user_id = i.sender_id AND m.left_at IS NULL
    LEFT JOIN messages original
      ON original.chat_id = i.chat_id AND original.sender_id = i.sender_id AND original.client_id = i.client_id
    LEFT JOIN messages replied ON replied.id = i.reply_to AND replied.chat_id = i.chat_id
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
  WHERE passed.chat_id = s.chat_id AND passed.seq > greatest(coalesce(m.shown_read_seq, m.read_seq), s.seq - 500) AND passed.seq < s.seq
    AND passed.sender_id <> s.sender_id AND passed.read_at IS NULL;

  UPDATE members m
  SET read_seq = s.seq, shown_read_seq = NULL, delivered_seq = s.seq, rev = s.rev, changed_xid = pg_current_xact_id()
  FROM (
    SELECT sent.chat_id, sent.sender_id, max(sent.seq) AS seq, max(sent.rev) AS rev
    FROM messages sent WHERE sent.id = ANY (p_ids) GROUP BY sent.chat_id, sent.sender_id
  ) s
  WHERE m.chat_id = s.chat_id AND m.user_id = s.sender_id AND m.left_at IS NULL;
END $$;

-- Moves read and delivered positions of many members of many chats in one transaction; never back.
--
-- The arrays run in parallel, one place per request; a request names its position by a number (p_seqs) or by messages (p_named, with
-- their request's place). Requests of one member in one chat are one move. Per position that others see move, the chat takes one
-- revision. Somebody who reads in private moves only what they see themselves: that takes no revision, because a hole in
-- the numbers would tell the others, and does not touch the chat.
--
-- One row comes back per request. `outcome`: ok, not_a_member, message_not_found, beyond_the_end, or held (somebody else has the chat, and
-- p_skip_held). `read_rev` and `delivered_rev` are null where nothing moved that others see. `audience` stands on the first row of a chat.
CREATE FUNCTION move_positions(
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
    JOIN messages m ON m.id = n.id AND m.chat_id = p_chats[n.place]
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
    UPDATE messages passed SET read_at = v_now
    FROM numbered n
    WHERE n.tells_read AND passed.chat_id = n.chat_id
      AND passed.seq > greatest(n.shown_seq, n.new_shown - 500) AND passed.seq <= n.new_shown
      AND passed.sender_id <> n.user_id AND passed.read_at IS NULL
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

-- While a new version is rolled out, nodes of the version before still call this. They know nothing of private reading, so
-- it is made of the new function: what is not to be told, they are not told. A later migration drops it.
CREATE OR REPLACE FUNCTION mark_read(p_chat uuid, p_user text, p_messages uuid[], p_audience_limit int) RETURNS TABLE (
  is_member boolean, read_seq int, last_seq int, moved_rev int, moved_at timestamptz, audience text[]
) LANGUAGE sql AS $$
  SELECT p.outcome <> 'not_a_member',
    CASE WHEN p.outcome = 'ok' THEN CASE WHEN p.read_rev IS NULL THEN p.read_seq ELSE p.shown_seq END END,
    p.last_seq, p.read_rev, CASE WHEN p.read_rev IS NOT NULL THEN p.moved_at END, p.audience
  FROM move_positions(
    ARRAY[p_chat], ARRAY[p_user], ARRAY['read'], ARRAY[NULL::int],
    array_fill(1, ARRAY[cardinality(p_messages)]), p_messages, p_audience_limit, false
  ) p
$$;
