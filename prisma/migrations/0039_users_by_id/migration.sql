-- People whose id begins with something.
CREATE INDEX CONCURRENTLY "users_lower_id_idx" ON "users"((lower("id") COLLATE "C"), "id" COLLATE "C");
