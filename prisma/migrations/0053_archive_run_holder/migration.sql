-- Who is at a run: whoever was silent for too long has lost it, and ends it no more.
ALTER TABLE "archive_runs" ADD COLUMN "holder" UUID;
