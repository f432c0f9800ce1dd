-- One stored file for each named upload; those under way may be several, and the first that is stored wins.
CREATE UNIQUE INDEX CONCURRENTLY "files_client_id_key" ON "files"("uploader_id", "chat_id", "client_id") WHERE (client_id IS NOT NULL AND stored_at IS NOT NULL AND deleted_at IS NULL);
