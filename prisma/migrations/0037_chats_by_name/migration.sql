-- Chats whose title begins with something.
CREATE INDEX CONCURRENTLY "chats_lower_name_idx" ON "chats"((lower("name") COLLATE "C"), "id") WHERE (name IS NOT NULL);
