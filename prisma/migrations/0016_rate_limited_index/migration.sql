-- Who stands before whom where somebody's pushes of a minute are used up.
CREATE INDEX CONCURRENTLY "notifications_rate_limited_idx" ON "notifications"("user_id", "created_at") WHERE (state = 'waiting' AND reason = 'rate_limited');
