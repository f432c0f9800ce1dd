-- The files of a person: for exports and erasures.
CREATE INDEX CONCURRENTLY "files_uploader_id_id_idx" ON "files"("uploader_id", "id");
