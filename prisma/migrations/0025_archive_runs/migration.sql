-- What was archived, brought back and deleted, and by whom; and sums that nobody has to count.

CREATE TABLE "archive_runs" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "chat_id" UUID,
    "requested_by" TEXT,
    "before" TIMESTAMPTZ(3),
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "seen_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "chats" INTEGER NOT NULL DEFAULT 0,
    "messages" BIGINT NOT NULL DEFAULT 0,
    "purged" BIGINT NOT NULL DEFAULT 0,
    "bytes_before" BIGINT NOT NULL DEFAULT 0,
    "bytes_after" BIGINT NOT NULL DEFAULT 0,
    "chats_left" INTEGER,
    "error" TEXT,

    CONSTRAINT "archive_runs_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "archive_runs_open_idx" ON "archive_runs"("created_at") WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

-- Where the bytes of a segment are if they are not in `data`, and how many they are.
ALTER TABLE "archive_segments" ADD COLUMN "storage_key" TEXT, ADD COLUMN "stored_size" INTEGER;

CREATE TABLE "archive_totals" (
    "id" SMALLINT NOT NULL,
    "segments" INTEGER NOT NULL DEFAULT 0,
    "messages" BIGINT NOT NULL DEFAULT 0,
    "raw_bytes" BIGINT NOT NULL DEFAULT 0,
    "stored_bytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "archive_totals_pkey" PRIMARY KEY ("id")
);
CREATE FUNCTION count_archive_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE archive_totals SET
    segments = segments + (TG_OP = 'INSERT')::int - (TG_OP = 'DELETE')::int,
    messages = messages + coalesce(NEW.message_count, 0) - coalesce(OLD.message_count, 0),
    raw_bytes = raw_bytes + coalesce(NEW.raw_size, 0) - coalesce(OLD.raw_size, 0),
    stored_bytes = stored_bytes + coalesce(NEW.stored_size, octet_length(NEW.data), 0) - coalesce(OLD.stored_size, octet_length(OLD.data), 0)
  WHERE id = 1;
  RETURN NULL;
END $$;
-- Locked before the sums are made, so that none is counted twice or left out.
CREATE TRIGGER archive_segments_count AFTER INSERT OR UPDATE OR DELETE ON archive_segments FOR EACH ROW EXECUTE FUNCTION count_archive_segment();
INSERT INTO archive_totals (id, segments, messages, raw_bytes, stored_bytes)
  SELECT 1, count(*), coalesce(sum(message_count), 0), coalesce(sum(raw_size), 0), coalesce(sum(octet_length(data)), 0) FROM archive_segments;
