-- The newest message of a range that is worth telling this person of, in this category; none when there is none. It is looked for from the range's
-- end, where it mostly stands: in a busy chat a notification is about hundreds of messages, and hundreds of people are told of them.
CREATE FUNCTION newest_notifiable_message(p_chat uuid, p_after int, p_to int, p_user text, p_category text) RETURNS SETOF messages
LANGUAGE sql STABLE AS $$
  SELECT m.*
  FROM (SELECT * FROM messages WHERE chat_id = p_chat AND seq > p_after AND seq <= p_to ORDER BY seq DESC OFFSET 0) m
  CROSS JOIN LATERAL notifiable_messages(p_chat, m.seq - 1, m.seq) n
  WHERE n.author <> p_user AND n.category = p_category
  ORDER BY m.seq DESC LIMIT 1
$$;
