-- Types
CREATE TYPE "chat_type" AS ENUM ('order', 'direct', 'group');
CREATE TYPE "chat_status" AS ENUM ('active', 'closed', 'archived');
CREATE TYPE "message_type" AS ENUM ('text', 'image', 'file', 'audio', 'system', 'order_update', 'receipt_shared');

-- Tables
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "name" TEXT,
    "email" TEXT,
    "picture" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "user_access" (
    "user_id" TEXT NOT NULL,
    "revoked_before" TIMESTAMPTZ(3),
    "blocked" BOOLEAN NOT NULL DEFAULT false,
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "user_access_pkey" PRIMARY KEY ("user_id")
);

CREATE TABLE "chats" (
    "id" UUID NOT NULL,
    "number" BIGSERIAL NOT NULL,
    "type" "chat_type" NOT NULL,
    "status" "chat_status" NOT NULL DEFAULT 'active',
    "order_id" TEXT,
    "direct_key" TEXT,
    "name" TEXT,
    "created_by" TEXT NOT NULL,
    "user_id" TEXT,
    "shopper_id" TEXT,
    "order" JSONB,
    "member_count" INTEGER NOT NULL DEFAULT 0,
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "last_rev" INTEGER NOT NULL DEFAULT 0,
    "notified_seq" INTEGER NOT NULL DEFAULT 0,
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "chats_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "members" (
    "chat_id" UUID NOT NULL,
    "user_id" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "joined_rev" INTEGER NOT NULL,
    "joined_seq" INTEGER NOT NULL DEFAULT 0,
    "joined_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "left_at" TIMESTAMPTZ(3),
    "read_seq" INTEGER NOT NULL DEFAULT 0,
    "delivered_seq" INTEGER NOT NULL DEFAULT 0,
    "muted_until" TIMESTAMPTZ(3),
    "rev" INTEGER NOT NULL,
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),

    CONSTRAINT "members_pkey" PRIMARY KEY ("chat_id", "user_id")
);

CREATE TABLE "messages" (
    "id" UUID NOT NULL,
    "number" BIGSERIAL NOT NULL,
    "chat_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "rev" INTEGER NOT NULL,
    "changed_xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "sender_id" TEXT NOT NULL,
    "sender_role" TEXT NOT NULL,
    "type" "message_type" NOT NULL,
    "content" TEXT NOT NULL,
    "attachment_url" TEXT,
    "attachment_type" TEXT,
    "metadata" JSONB,
    "reply_to" UUID,
    "reactions" JSONB,
    "client_id" TEXT,
    "digest" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "edited_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "messages_pkey" PRIMARY KEY ("chat_id", "seq")
);

CREATE TABLE "commits" (
    "id" BIGSERIAL NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "chat_ids" UUID[],
    "revs" INTEGER[],
    "seqs" INTEGER[],
    "joined" TEXT[],
    "before_rev" INTEGER,
    "before_seq" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "commits_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "reactions" (
    "message_id" UUID NOT NULL,
    "emoji" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reactions_pkey" PRIMARY KEY ("message_id", "emoji", "user_id")
);

-- Indexes
CREATE UNIQUE INDEX "chats_number_key" ON "chats"("number");
CREATE UNIQUE INDEX "chats_order_id_key" ON "chats"("order_id");
CREATE UNIQUE INDEX "chats_direct_key_key" ON "chats"("direct_key");
CREATE INDEX "members_user_id_chat_id_idx" ON "members"("user_id", "chat_id");
CREATE UNIQUE INDEX "messages_id_key" ON "messages"("id");
CREATE UNIQUE INDEX "messages_number_key" ON "messages"("number");
CREATE UNIQUE INDEX "messages_chat_id_sender_id_client_id_key" ON "messages"("chat_id", "sender_id", "client_id");
CREATE INDEX "messages_chat_id_rev_idx" ON "messages"("chat_id", "rev");

CREATE INDEX "commits_xid_idx" ON "commits"("xid");

-- Foreign keys
ALTER TABLE "members" ADD CONSTRAINT "members_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "messages" ADD CONSTRAINT "messages_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "reactions" ADD CONSTRAINT "reactions_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Chats and members are updated with every message: room on the page keeps those updates off the indexes (HOT), and
-- frequent small vacuums keep the pages short.
ALTER TABLE "chats" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE "members" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE "messages" SET (fillfactor = 90, autovacuum_vacuum_insert_scale_factor = 0.05);

-- The group commit: stores a batch of messages of several chats in one transaction and one round trip.
--
-- A function, because each statement in it sees what committed while the first one waited for its locks; in a single
-- statement, membership and earlier client ids would be judged by the snapshot from before the wait.
-- The arrays run in parallel, one place per message. One row comes back per message; `audience` (the members' ids) stands on the
-- first stored message of a chat with at most p_audience_limit members.
CREATE FUNCTION append_messages(
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
  WHERE passed.chat_id = s.chat_id AND passed.seq > greatest(m.read_seq, s.seq - 500) AND passed.seq < s.seq
    AND passed.sender_id <> s.sender_id AND passed.read_at IS NULL;

  UPDATE members m
  SET read_seq = s.seq, delivered_seq = s.seq, rev = s.rev, changed_xid = pg_current_xact_id()
  FROM (
    SELECT sent.chat_id, sent.sender_id, max(sent.seq) AS seq, max(sent.rev) AS rev
    FROM messages sent WHERE sent.id = ANY (p_ids) GROUP BY sent.chat_id, sent.sender_id
  ) s
  WHERE m.chat_id = s.chat_id AND m.user_id = s.sender_id AND m.left_at IS NULL;
END $$;

-- Moves a member's read position up to the newest of the named messages; never back. `moved_rev` is null when it stood there
-- already, `read_seq` is null when the user is no member or the chat has none of the messages.
CREATE FUNCTION mark_read(p_chat uuid, p_user text, p_messages uuid[], p_audience_limit int) RETURNS TABLE (
  is_member boolean, read_seq int, last_seq int, moved_rev int, moved_at timestamptz, audience text[]
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz(3) := clock_timestamp();
  v_chat chats%ROWTYPE;
  v_from int;
  v_to int;
BEGIN
  SELECT * INTO v_chat FROM chats WHERE id = p_chat FOR NO KEY UPDATE;
  SELECT m.read_seq INTO v_from FROM members m WHERE m.chat_id = p_chat AND m.user_id = p_user AND m.left_at IS NULL;
  IF v_from IS NULL THEN
    RETURN QUERY SELECT false, NULL::int, NULL::int, NULL::int, NULL::timestamptz, NULL::text[];
    RETURN;
  END IF;
  SELECT max(seq) INTO v_to FROM messages WHERE id = ANY (p_messages) AND chat_id = p_chat;
  IF v_to IS NULL OR v_to <= v_from THEN
    RETURN QUERY SELECT true, CASE WHEN v_to IS NOT NULL THEN v_from END, v_chat.last_seq, NULL::int, NULL::timestamptz, NULL::text[];
    RETURN;
  END IF;
  UPDATE chats SET last_rev = last_rev + 1, changed_xid = pg_current_xact_id() WHERE id = p_chat;
  UPDATE members
  SET read_seq = v_to, delivered_seq = greatest(delivered_seq, v_to), rev = v_chat.last_rev + 1,
    changed_xid = pg_current_xact_id()
  WHERE chat_id = p_chat AND user_id = p_user;
  UPDATE messages SET read_at = v_now
  WHERE chat_id = p_chat AND seq > greatest(v_from, v_to - 500) AND seq <= v_to AND sender_id <> p_user AND read_at IS NULL;
  INSERT INTO commits (chat_ids, revs, seqs)
  VALUES (ARRAY[p_chat], ARRAY[v_chat.last_rev + 1], ARRAY[v_chat.last_seq]);
  RETURN QUERY SELECT true, v_to, v_chat.last_seq, v_chat.last_rev + 1, v_now,
    CASE WHEN v_chat.member_count <= p_audience_limit THEN
      ARRAY(SELECT user_id FROM members WHERE chat_id = p_chat AND left_at IS NULL)
    END;
END $$;
