-- When a guest of an open chat came last: where a chat is full, those who have been away for longest make place.
ALTER TABLE "members" ADD COLUMN "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
