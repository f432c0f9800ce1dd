-- Whether any segment still has its bytes in an object; those of other segments are not in it.
CREATE INDEX CONCURRENTLY "archive_segments_storage_key_idx" ON "archive_segments"("storage_key") WHERE (storage_key IS NOT NULL);
