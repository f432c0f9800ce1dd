-- Chats that everyone may enter whom an edge lets in, and the name that somebody else's system has for them.
ALTER TABLE "chats" ADD COLUMN "is_open" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "chats" ADD COLUMN "external_key" TEXT;

-- Guests, who have only looked in, are told of nothing until they ask for it: not a row is made for them, however many they become.
-- What collects is otherwise as it was, so only its two conditions of who is in the chat are changed where they stand.
DO $$
DECLARE
  v_collector regprocedure := (
    SELECT oid FROM pg_proc WHERE proname = 'collect_notifications' AND pronargs = 5 AND pronamespace = current_schema()::regnamespace
  );
  v_member text := 'JOIN members m ON m.chat_id = t.chat_id AND m.left_at IS NULL';
  v_told text := v_member || ' AND (m.role <> ''guest'' OR m.muted_until IS NULL OR m.muted_until <= v_now)';
  v_text text := pg_get_functiondef(v_collector);
BEGIN
  IF (length(v_text) - length(replace(v_text, v_member, ''))) / length(v_member) <> 2 THEN
    RAISE EXCEPTION 'collect_notifications does not look as this migration knows it';
  END IF;
  EXECUTE replace(v_text, v_member, v_told);
END $$;
