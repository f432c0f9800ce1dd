-- What messages are found by. Made by the worker from what is stored, so that a send does not pay for it.

CREATE TABLE "search_blocks" (
    "chat_id" UUID NOT NULL,
    "first_seq" INTEGER NOT NULL,
    "last_seq" INTEGER NOT NULL,
    "oldest_number" BIGINT NOT NULL,
    "newest_number" BIGINT NOT NULL,
    "oldest_at" TIMESTAMPTZ(3) NOT NULL,
    "newest_at" TIMESTAMPTZ(3) NOT NULL,
    "terms" tsvector NOT NULL,

    CONSTRAINT "search_blocks_pkey" PRIMARY KEY ("chat_id", "last_seq")
);
-- The terms are read through their index only; the rest of the row is small without them.
ALTER TABLE "search_blocks" SET (toast_tuple_target = 128);
ALTER TABLE "search_blocks" ADD CONSTRAINT "search_blocks_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- What is new goes into the index in portions, which costs a third; every search reads the list of what waits, so it is kept short (KiB).
CREATE INDEX "search_blocks_terms_idx" ON "search_blocks" USING GIN ("terms") WITH (fastupdate = on, gin_pending_list_limit = 1024);

-- Parts of chats whose blocks don't say what stands there now. Without a foreign key, which would be looked up for each edit.
CREATE TABLE "search_changes" (
    "id" BIGSERIAL NOT NULL,
    "chat_id" UUID NOT NULL,
    "first_seq" INTEGER NOT NULL,
    "last_seq" INTEGER NOT NULL,

    CONSTRAINT "search_changes_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "search_changes_chat_id_last_seq_idx" ON "search_changes"("chat_id", "last_seq");

-- How far the worker has got, by the numbers of messages: lane 1 makes whole blocks, lane 2 what is left of chats that have become quiet.
CREATE TABLE "search_lanes" (
    "id" SMALLINT NOT NULL,
    "position" BIGINT NOT NULL DEFAULT 0,
    "mark" BIGINT NOT NULL DEFAULT 0,
    "marked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "search_lanes_pkey" PRIMARY KEY ("id")
);
INSERT INTO "search_lanes" ("id") VALUES (1), (2);

-- An edit, a deletion, an erasure: whoever does it. Inserts have no part in it.
CREATE FUNCTION note_search_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO search_changes (chat_id, first_seq, last_seq) VALUES (NEW.chat_id, NEW.seq, NEW.seq);
  RETURN NULL;
END $$;
CREATE TRIGGER messages_search_change AFTER UPDATE OF content ON messages FOR EACH ROW
  WHEN (OLD.content IS DISTINCT FROM NEW.content) EXECUTE FUNCTION note_search_change();
