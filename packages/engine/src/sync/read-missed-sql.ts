const MESSAGE = `jsonb_build_object(
  'id', m.id, 'number', m.number, 'chatId', m.chat_id, 'seq', m.seq, 'rev', m.rev, 'senderId', m.sender_id,
  'senderRole', m.sender_role, 'type', m.type, 'content', m.content, 'attachmentUrl', m.attachment_url,
  'attachmentType', m.attachment_type, 'metadata', m.metadata, 'replyTo', m.reply_to, 'reactions', m.reactions,
  'clientId', m.client_id, 'createdAt', m.created_at, 'editedAt', m.edited_at, 'deletedAt', m.deleted_at, 'readAt', m.read_at)`;

/**
 * $1 chats, $2 revisions and $3 numbers up to which the reader knows them, $4/$5 the same from before a long hole, $6 messages per chat,
 * $7 largest chat whose members are named. Each part walks an index from the reader's place; a chat without news costs four look-ups.
 */
export const READ_MISSED = {
  name: "read-missed",
  text: `SELECT a.chat_id AS "chatId", c.last_rev AS rev, c.last_seq AS seq,
    CASE WHEN c.member_count <= $7::int THEN
      ARRAY(SELECT user_id FROM members WHERE chat_id = c.id AND left_at IS NULL) END AS audience,
    coalesce((SELECT jsonb_agg(page.message ORDER BY page.seq) FROM (
      SELECT m.seq, ${MESSAGE} AS message FROM messages m
      WHERE m.chat_id = c.id AND m.seq > a.seq ORDER BY m.seq LIMIT $6::int) page), '[]') AS created,
    coalesce((SELECT jsonb_agg(page.message ORDER BY page.rev) FROM (
      SELECT m.rev, ${MESSAGE} AS message FROM messages m
      WHERE m.chat_id = c.id AND m.rev > a.rev AND m.seq <= a.seq
        AND (m.seq <= a.hole_seq OR m.rev > a.hole_rev) ORDER BY m.rev OFFSET 0) page), '[]') AS updated,
    CASE WHEN c.last_rev = a.rev THEN '[]' ELSE coalesce((SELECT jsonb_agg(jsonb_build_object('userId', m.user_id, 'rev', m.rev, 'joinedRev', m.joined_rev,
      'left', m.left_at IS NOT NULL, 'readSeq', coalesce(m.shown_read_seq, m.read_seq), 'ownReadSeq', m.read_seq,
      'deliveredSeq', m.delivered_seq)) FROM members m
      WHERE m.chat_id = c.id AND m.rev > a.rev), '[]') END AS members
    FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[]) AS a(chat_id, rev, seq, hole_seq, hole_rev)
    CROSS JOIN LATERAL (SELECT * FROM chats WHERE id = a.chat_id OFFSET 0) c`,
};
