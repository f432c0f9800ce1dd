-- Old messages move from `messages` into compressed segments, and are read from there.

-- Constant defaults: the table stays as it is, whatever its size.
ALTER TABLE "chats" ADD COLUMN "archive_after_days" INTEGER, ADD COLUMN "legal_hold" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "archived_seq" INTEGER NOT NULL DEFAULT 0, ADD COLUMN "purged_seq" INTEGER NOT NULL DEFAULT 0, ADD COLUMN "archived_xid" xid8;

CREATE TABLE "archive_segments" (
    "chat_id" UUID NOT NULL,
    "first_seq" INTEGER NOT NULL,
    "last_seq" INTEGER NOT NULL,
    "message_count" INTEGER NOT NULL,
    "codec" TEXT NOT NULL,
    "checksum" BYTEA NOT NULL,
    "raw_size" INTEGER NOT NULL,
    "data" BYTEA NOT NULL,
    "newest_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_segments_pkey" PRIMARY KEY ("chat_id", "last_seq")
);
-- It is compressed already, and the columns beside it are read without it.
ALTER TABLE "archive_segments" ALTER COLUMN "data" SET STORAGE EXTERNAL;
ALTER TABLE "archive_segments" ADD CONSTRAINT "archive_segments_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- By what an archived message is still found. Without a foreign key, which would be looked up for each of them.
CREATE TABLE "archived_messages" (
    "id" UUID NOT NULL,
    "chat_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "number" BIGINT NOT NULL,
    "client_key" UUID,
    "file_url" TEXT,

    CONSTRAINT "archived_messages_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "archived_messages_number_key" ON "archived_messages"("number");
CREATE UNIQUE INDEX "archived_messages_client_key_key" ON "archived_messages"("client_key") WHERE (client_key IS NOT NULL);
CREATE INDEX "archived_messages_file_url_idx" ON "archived_messages"("file_url") WHERE (file_url IS NOT NULL);

-- What is left of a chat, a sender and a client id: 128 bits of their digest. The length keeps the parts apart.
CREATE FUNCTION archived_client_key(p_chat uuid, p_sender text, p_client_id text) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT encode(substring(sha256(convert_to(
    p_chat::text || ' ' || length(p_sender)::text || ' ' || p_sender || p_client_id, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid
$$;

-- Both functions are otherwise as they were, so only their look-ups by client id and by id are changed where they stand. A chat without an
-- archive costs sending nothing.
DO $$
DECLARE
  v_append regprocedure := (SELECT oid FROM pg_proc WHERE proname = 'append_messages' AND pronamespace = current_schema()::regnamespace);
  v_move regprocedure := (SELECT oid FROM pg_proc WHERE proname = 'move_positions' AND pronamespace = current_schema()::regnamespace);
  v_text text := pg_get_functiondef(v_append);
  v_reused text := 'WHEN original.id IS NOT NULL THEN ''client_id_reused''';
  v_unknown text := 'replied.chat_id IS DISTINCT FROM i.chat_id THEN';
  v_replied text := 'LEFT JOIN messages replied ON replied.id = i.reply_to';
  v_named text := 'CROSS JOIN LATERAL (SELECT chat_id, seq FROM messages WHERE id = n.id OFFSET 0) m';
BEGIN
  IF position(v_reused IN v_text) = 0 OR position(v_unknown IN v_text) = 0 OR position(v_replied IN v_text) = 0 THEN
    RAISE EXCEPTION 'append_messages does not look as this migration knows it';
  END IF;
  v_text := replace(v_text, v_reused, 'WHEN original.id IS NOT NULL OR archived.id IS NOT NULL THEN ''client_id_reused''');
  v_text := replace(v_text, v_unknown, 'replied.chat_id IS DISTINCT FROM i.chat_id AND archived_reply.id IS NULL THEN');
  v_text := replace(v_text, v_replied, v_replied || '
    LEFT JOIN LATERAL (
      SELECT a.id FROM archived_messages a
      WHERE c.archived_seq > 0 AND i.client_id IS NOT NULL
        AND a.client_key IS NOT NULL AND a.client_key = archived_client_key(i.chat_id, i.sender_id, i.client_id) OFFSET 0
    ) archived ON true
    LEFT JOIN LATERAL (
      SELECT a.id FROM archived_messages a
      WHERE c.archived_seq > 0 AND a.id = i.reply_to AND a.chat_id = i.chat_id AND a.seq > c.purged_seq OFFSET 0
    ) archived_reply ON true');
  EXECUTE v_text;

  v_text := pg_get_functiondef(v_move);
  IF position(v_named IN v_text) = 0 THEN
    RAISE EXCEPTION 'move_positions does not look as this migration knows it';
  END IF;
  EXECUTE replace(v_text, v_named, 'CROSS JOIN LATERAL (
      SELECT chat_id, seq FROM messages WHERE id = n.id
      UNION ALL SELECT chat_id, seq FROM archived_messages WHERE id = n.id OFFSET 0
    ) m');
END $$;
