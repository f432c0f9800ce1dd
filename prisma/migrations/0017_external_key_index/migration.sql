-- One chat for each name that somebody else's system has.
CREATE UNIQUE INDEX CONCURRENTLY "chats_external_key_key" ON "chats"("external_key");
