-- When what is known of a person was said: what was said later, wherever it is written first, is not overwritten by what was said before.
ALTER TABLE "users" ADD COLUMN "said_at" TIMESTAMPTZ(3);
ALTER TABLE "users" ADD COLUMN "role_said_at" TIMESTAMPTZ(3);
