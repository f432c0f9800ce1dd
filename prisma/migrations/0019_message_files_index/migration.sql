-- Whether any message still has a file attached; the hot table's other messages are not in it.
CREATE INDEX CONCURRENTLY "messages_file_idx" ON "messages"("attachment_url") WHERE (attachment_url LIKE '/v1/files/%');
