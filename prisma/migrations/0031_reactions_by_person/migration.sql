-- What a person has reacted to: for exports and erasures.
CREATE INDEX CONCURRENTLY "reactions_user_id_message_id_idx" ON "reactions"("user_id", "message_id");
