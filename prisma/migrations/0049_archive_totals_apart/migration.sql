-- One row with the sums of all segments made everything that archives wait for each other, from a segment's first statement to its commit. Now
-- they are in 16 rows, by chat, and are changed when the transaction commits. What was counted before stays in the row where it is; a process of
-- the version before reads that row alone.
INSERT INTO archive_totals (id) SELECT n FROM generate_series(0, 15) AS n ON CONFLICT (id) DO NOTHING;

CREATE OR REPLACE FUNCTION count_archive_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE archive_totals SET
    segments = segments + (TG_OP = 'INSERT')::int - (TG_OP = 'DELETE')::int,
    messages = messages + coalesce(NEW.message_count, 0) - coalesce(OLD.message_count, 0),
    raw_bytes = raw_bytes + coalesce(NEW.raw_size, 0) - coalesce(OLD.raw_size, 0),
    stored_bytes = stored_bytes + coalesce(NEW.stored_size, octet_length(NEW.data), 0) - coalesce(OLD.stored_size, octet_length(OLD.data), 0)
  WHERE id = get_byte(uuid_send(coalesce(NEW.chat_id, OLD.chat_id)), 15) & 15;
  RETURN NULL;
END $$;

DROP TRIGGER archive_segments_count ON archive_segments;
CREATE CONSTRAINT TRIGGER archive_segments_count AFTER INSERT OR UPDATE OR DELETE ON archive_segments
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_archive_segment();
