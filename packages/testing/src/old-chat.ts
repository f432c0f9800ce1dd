import { createChat, type Engine } from "@parley/engine";

const MEMBERS = ["bob", "carol"];

/** Everything that a row can hold, chosen by a number: the same seed makes the same rows. */
function strangeRows(count: number, seed: number) {
  let state = seed;
  const pick = <Value>(values: readonly Value[]): Value => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return values[(state >>> 8) % values.length] as Value;
  };
  return Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    content: pick(TEXTS),
    metadata: pick(JSONS),
    summary: pick([null, null, '[{"emoji": "👍", "count": 1, "userIds": ["bob"]}]']),
    attachment: pick([null, null, "https://example.org/a?b=c#'d"]),
    clientId: pick([null, `client-${index}`, `${index} \\ "👩‍👩‍👧"`]),
    digest: pick([null, "digest"]),
    edited: pick([null, "2024-05-06 07:08:09.123+00", "2024-02-29 23:59:59.999+00"]),
    deleted: pick([null, null, "2024-05-06 07:08:09+00"]),
    read: pick([null, "2024-03-31 02:30:00.001+02"]),
    type: pick(["text", "system", "order_update", "image"]),
    isReacted: pick([true, false, false, false]),
  }));
}

const TEXTS = [
  "",
  "plain",
  "👩‍👩‍👧 é\u0301 \u202e\u2028",
  'quotes " \\ \\u0041 \\n',
  "\u0001\ttab\r\n",
  "[null]",
  "字".repeat(300),
];
const JSONS = [
  null,
  "null",
  "1.10",
  "1e400",
  "12345678901234567890123",
  '{"b": 1, "a": [null, "\\u2028"]}',
  '"text"',
  "[]",
];

const INSERT = `INSERT INTO messages (id, chat_id, seq, rev, changed_xid, sender_id, sender_role, type, content, metadata, reactions, attachment_url,
    client_id, digest, created_at, edited_at, deleted_at, read_at)
  SELECT overlay(gen_random_uuid()::text PLACING '018c' FROM 1)::uuid, $1, r.seq, r.seq, '5', 'alice', 'user', r.type::message_type, r.content,
    r.metadata::jsonb, r.summary::jsonb, r.attachment, r."clientId", r.digest, '2024-01-01'::timestamptz + r.seq * interval '1.001 seconds',
    r.edited::timestamptz, r.deleted::timestamptz, r.read::timestamptz
  FROM json_to_recordset($2) AS r(seq int, type text, content text, metadata text, summary text, attachment text, "clientId" text, digest text,
    edited text, deleted text, read text)`;

const REACT = `INSERT INTO reactions (message_id, emoji, user_id, created_at)
  SELECT m.id, emoji, user_id, '2024-06-01 00:00:00.5+00'
  FROM messages m, unnest(ARRAY['👍', '🏳️‍🌈']) AS emoji, unnest(ARRAY['bob', 'o"b']) AS user_id
  WHERE chat_id = $1 AND seq = ANY ($2::int[])`;

/**
 * A group of alice, bob and carol with `count` messages of the year 2024 by alice, of every kind that the tables can hold; long collected for
 * notifications, and forgotten by the log of commits (of all chats). Returns the chat's id.
 */
export async function createOldChat(
  engine: Engine,
  { count, seed = 1 }: { count: number; seed?: number },
): Promise<string> {
  const { pool } = engine.database;
  const actor = { userId: "alice", role: "user" };
  const request = { type: "group" as const, name: "old", memberIds: MEMBERS };
  const { id: chatId } = await createChat(engine, { actor, request });
  const rows = strangeRows(count, seed);
  await pool.query("DELETE FROM messages WHERE chat_id = $1", [chatId]);
  await pool.query(INSERT, [chatId, JSON.stringify(rows)]);
  await pool.query(REACT, [chatId, rows.filter((row) => row.isReacted).map(({ seq }) => seq)]);
  await pool.query("UPDATE chats SET last_seq = $2, last_rev = $2 + 3, notified_seq = $2 WHERE id = $1", [
    chatId,
    count,
  ]);
  await pool.query("DELETE FROM commits");
  return chatId;
}

/** The messages of a chat with their reactions as Postgres itself writes rows, in the order of their numbers. */
export async function readRawRows(engine: Engine, chatId: string): Promise<string[]> {
  const { rows } = await engine.database.pool.query<{ row: string }>(
    `SELECT m::text || coalesce((SELECT string_agg(r::text, ' ' ORDER BY emoji, user_id) FROM reactions r WHERE r.message_id = m.id), '') AS row
      FROM messages m WHERE chat_id = $1 ORDER BY seq`,
    [chatId],
  );
  return rows.map(({ row }) => row);
}
