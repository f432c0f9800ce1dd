-- The open chats, newest first.
CREATE INDEX CONCURRENTLY "chats_open_idx" ON "chats"("number" DESC) WHERE (is_open AND status <> 'archived');
