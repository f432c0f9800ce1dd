-- What an operator owes people: a log of who did what, exports, erasures, legal holds.

CREATE TABLE "audit_entries" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" TEXT,
    "actor_role" TEXT,
    "action" TEXT NOT NULL,
    "subject_kind" TEXT,
    "subject_id" TEXT,
    "person_id" TEXT,
    "outcome" TEXT NOT NULL DEFAULT 'done',
    "reason" TEXT,
    "request_id" TEXT,
    "address" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "audit_entries_at_id_idx" ON "audit_entries"("at", "id");
CREATE INDEX "audit_entries_actor_id_at_id_idx" ON "audit_entries"("actor_id", "at", "id");
CREATE INDEX "audit_entries_action_at_id_idx" ON "audit_entries"("action", "at", "id");
CREATE INDEX "audit_entries_subject_id_at_id_idx" ON "audit_entries"("subject_id", "at", "id");
CREATE INDEX "audit_entries_person_id_idx" ON "audit_entries"("person_id");

-- Entries are only added. The two functions below are the only ways round it; each says so for its own transaction.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'TRUNCATE' AND current_setting('parley.audit_change', true) = TG_OP THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION 'The audit log is only added to: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER "audit_entries_append_only" BEFORE UPDATE OR DELETE ON "audit_entries"
FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER "audit_entries_no_truncate" BEFORE TRUNCATE ON "audit_entries"
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- Retention: forgets up to p_limit of the oldest entries from before a time, never younger ones than 30 days.
CREATE FUNCTION prune_audit_entries(p_before timestamptz, p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE v_count int;
BEGIN
  PERFORM set_config('parley.audit_change', 'DELETE', true);
  DELETE FROM audit_entries WHERE id = ANY (ARRAY(
    SELECT id FROM audit_entries WHERE at < least(p_before, now() - interval '30 days') ORDER BY at, id LIMIT p_limit));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  PERFORM set_config('parley.audit_change', '', true);
  RETURN v_count;
END $$;

-- Erasure: puts a pseudonym in the place of a person in up to p_limit entries, and takes what else could tell who it was.
CREATE FUNCTION pseudonymise_audit_entries(p_person text, p_pseudonym text, p_words text[], p_limit int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE v_count int;
BEGIN
  PERFORM set_config('parley.audit_change', 'UPDATE', true);
  UPDATE audit_entries SET
    address = CASE WHEN actor_id = p_person THEN NULL ELSE address END,
    actor_id = CASE WHEN actor_id = p_person THEN p_pseudonym ELSE actor_id END,
    subject_id = CASE WHEN subject_kind = 'user' AND subject_id = p_person THEN p_pseudonym ELSE subject_id END,
    person_id = CASE WHEN person_id = p_person THEN p_pseudonym ELSE person_id END,
    reason = CASE WHEN EXISTS (SELECT FROM unnest(p_words) word WHERE position(lower(word) IN lower(reason)) > 0) THEN '[erased]' ELSE reason END
  WHERE id = ANY (ARRAY(
    (SELECT id FROM audit_entries WHERE actor_id = p_person ORDER BY actor_id, at, id LIMIT p_limit)
    UNION (SELECT id FROM audit_entries WHERE subject_id = p_person AND subject_kind = 'user' ORDER BY subject_id, at, id LIMIT p_limit)
    UNION (SELECT id FROM audit_entries WHERE person_id = p_person ORDER BY person_id LIMIT p_limit)));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  PERFORM set_config('parley.audit_change', '', true);
  RETURN v_count;
END $$;

CREATE TABLE "data_tasks" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "progress" REAL,
    "report" JSONB,
    "error" TEXT,
    "reason" TEXT,
    "requested_by" TEXT NOT NULL,
    "place" JSONB NOT NULL DEFAULT '{}',
    "tries" SMALLINT NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "data_tasks_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "data_tasks_open_key" ON "data_tasks"("user_id", "kind") WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));
CREATE INDEX "data_tasks_open_idx" ON "data_tasks"("lease_until") WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));
CREATE INDEX "data_tasks_expires_at_idx" ON "data_tasks"("expires_at") WHERE (expires_at IS NOT NULL);
CREATE INDEX "data_tasks_user_id_id_idx" ON "data_tasks"("user_id", "id");
CREATE INDEX "data_tasks_requested_by_idx" ON "data_tasks"("requested_by");

CREATE TABLE "user_holds" (
    "user_id" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "held_by" TEXT NOT NULL,
    "held_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_holds_pkey" PRIMARY KEY ("user_id")
);
CREATE INDEX "user_holds_held_by_idx" ON "user_holds"("held_by");

-- Under which name `user_access` remembers of an erased person that their old tokens are worthless: it names nobody who is not guessed.
CREATE FUNCTION erased_user_key(p_person text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT 'erased:' || encode(sha256(convert_to('parley erased user ' || p_person, 'UTF8')), 'hex')
$$;
