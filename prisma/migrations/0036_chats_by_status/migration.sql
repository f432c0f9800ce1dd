-- The newest chats of a status and a type.
CREATE INDEX CONCURRENTLY "chats_status_type_id_idx" ON "chats"("status", "type", "id");
