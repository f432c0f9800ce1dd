-- Tables
CREATE TABLE "files" (
    "id" UUID NOT NULL,
    "number" BIGSERIAL NOT NULL,
    "chat_id" UUID NOT NULL,
    "uploader_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "mime_type" TEXT NOT NULL DEFAULT 'application/octet-stream',
    "size" BIGINT NOT NULL,
    "sha256" TEXT,
    "storage_key" TEXT NOT NULL,
    "width" INTEGER,
    "height" INTEGER,
    "thumbnail_key" TEXT,
    "thumbnail_size" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_at" TIMESTAMPTZ(3),
    "attached_at" TIMESTAMPTZ(3),
    "check_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "files_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "file_usage" (
    "user_id" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,

    CONSTRAINT "file_usage_pkey" PRIMARY KEY ("user_id")
);

-- Indexes
CREATE UNIQUE INDEX "files_number_key" ON "files"("number");
CREATE INDEX "files_chat_id_number_idx" ON "files"("chat_id", "number");
CREATE INDEX "files_check_at_idx" ON "files"("check_at") WHERE (check_at IS NOT NULL);

ALTER TABLE "files" ADD CONSTRAINT "files_chat_id_fkey" FOREIGN KEY ("chat_id") REFERENCES "chats"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What each person's files take, those on their way included: kept with the rows, so that neither a crash nor a cascade leaves it wrong.
CREATE FUNCTION count_file_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO file_usage (user_id, bytes) VALUES (NEW.uploader_id, NEW.size)
    ON CONFLICT (user_id) DO UPDATE SET bytes = file_usage.bytes + excluded.bytes;
  ELSIF TG_OP = 'UPDATE' THEN
    UPDATE file_usage SET bytes = bytes + NEW.size - OLD.size WHERE user_id = NEW.uploader_id;
  ELSE
    UPDATE file_usage SET bytes = bytes - OLD.size WHERE user_id = OLD.uploader_id;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER "files_count_bytes" AFTER INSERT OR DELETE OR UPDATE OF "size" ON "files"
FOR EACH ROW EXECUTE FUNCTION count_file_bytes();
