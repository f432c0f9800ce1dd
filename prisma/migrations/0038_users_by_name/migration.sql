-- People whose name begins with something.
CREATE INDEX CONCURRENTLY "users_lower_name_idx" ON "users"((lower("name") COLLATE "C"), "id" COLLATE "C") WHERE (name IS NOT NULL);
