-- A dump brings the numbers of transactions along, and the server that it is read into counts its own. A row with a number from the future would be
-- news to everybody for ever; these rows are older than anything that happens from now on.
BEGIN;
UPDATE chats SET changed_xid = '3', archived_xid = CASE WHEN archived_xid IS NULL THEN NULL ELSE '3'::xid8 END;
UPDATE members SET joined_xid = '3', changed_xid = '3', own_xid = CASE WHEN own_xid IS NULL THEN NULL ELSE '3'::xid8 END;
UPDATE messages SET changed_xid = '3';
UPDATE user_access SET changed_xid = '3';
UPDATE uncollected_chats SET asked_xid = '3';
UPDATE notification_cursor SET xid = '3', scanned_at = NULL;
UPDATE engagement_progress SET target_xid = '3';
DELETE FROM commits;
COMMIT;
ANALYZE;
