-- How far the check of the archive's segments has got, in one row: it goes on where it ended, whichever worker does it.
CREATE TABLE "archive_checks" (
    "id" SMALLINT NOT NULL,
    "chat_id" UUID,
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "round_began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "archive_checks_pkey" PRIMARY KEY ("id")
);
INSERT INTO "archive_checks" ("id") VALUES (1);
