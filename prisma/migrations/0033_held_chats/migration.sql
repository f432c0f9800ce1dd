-- The few chats on legal hold: an erasure looks at them first.
CREATE INDEX CONCURRENTLY "chats_legal_hold_idx" ON "chats"("id") WHERE (legal_hold);
