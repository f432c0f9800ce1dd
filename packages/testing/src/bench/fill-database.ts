import { Client } from "pg";

/** What `fillDatabase` is to store. */
export interface FillOptions {
  databaseUrl: string;
  /** Messages in all; the chats get equally many, give or take one. */
  messages: number;
  /** Chats of two people; one for each hundred messages when left out. */
  chats?: number;
  /** Somebody who is in each of the chats, with another person each time. Left out: everyone is in about twenty of them. */
  userId?: string;
  /** Told after each statement how many messages are stored. */
  onProgress?: (stored: number) => void;
}

/** Messages of one statement, unless a single chat has more. */
const CHUNK = 100_000;
const CHATS_PER_PERSON = 20;
/** Over so long a past the messages are spread. */
const PAST = "365 days";

// A chat comes with its people, members and messages in one statement. The messages of a chunk lie mixed, as people write them.
const FILL = `
  WITH made AS MATERIALIZED (
    SELECT place, new_notification_id(started) AS id, one, other, last_seq, started, pace,
      CASE WHEN last_seq % 2 = 1 THEN one ELSE other END AS last_sender,
      greatest(0, last_seq - place % 2) AS other_read
    FROM generate_series($1::int, $2::int - 1) AS g(place)
    CROSS JOIN LATERAL (SELECT now() - $3::interval + place * ($3::interval / $4::int) AS started, $3::interval / ($4::int * 2) AS step) t
    CROSS JOIN LATERAL (SELECT $5::int / $4::int + (place < $5::int % $4::int)::int AS last_seq) n
    CROSS JOIN LATERAL (SELECT step / greatest(1, last_seq) AS pace) p
    CROSS JOIN LATERAL (
      SELECT coalesce($6::text, $7::text || '-' || place % $8::int) AS one,
        $7::text || '-' || CASE WHEN $6::text IS NULL THEN (place % $8::int + 1 + place / $8::int) % $8::int ELSE place END AS other
    ) pair
  ), people AS (
    INSERT INTO users (id, role, name) SELECT id, 'user', initcap(id) FROM (SELECT one FROM made UNION SELECT other FROM made) u(id)
    ON CONFLICT DO NOTHING
  ), chats AS (
    INSERT INTO chats (id, type, direct_key, created_by, member_count, last_seq, last_rev, notified_seq, created_at, updated_at)
    SELECT id, 'direct', format('["%s","%s"]', least(one COLLATE "C", other), greatest(one COLLATE "C", other)), one,
      2, last_seq, 1 + last_seq, last_seq, started, started + last_seq * pace
    FROM made
  ), members AS (
    INSERT INTO members (chat_id, user_id, role, joined_at, joined_rev, read_seq, delivered_seq, rev)
    SELECT id, user_id, 'member', started, 1, read_seq, read_seq, 1 + greatest(0, last_seq - (user_id <> last_sender)::int)
    FROM made CROSS JOIN LATERAL (
      SELECT user_id, CASE WHEN user_id = last_sender THEN last_seq ELSE other_read END AS read_seq
      FROM unnest(ARRAY[one, other]) AS u(user_id)
    ) positions
  )
  INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content, client_id, digest, created_at, read_at)
  SELECT new_notification_id(said), id, seq, 1 + seq, CASE WHEN seq % 2 = 1 THEN one ELSE other END, 'user', 'text',
    'Message ' || seq || ' of a conversation about ' || repeat(left(md5(seq::text), 8) || ' ', 1 + seq % 8),
    'filled-' || seq, left(md5(seq::text), 22), said, CASE WHEN seq <= other_read THEN said + interval '5 seconds' END
  FROM made CROSS JOIN LATERAL generate_series(1, last_seq) AS s(seq) CROSS JOIN LATERAL (SELECT started + seq * pace AS said) t
  ORDER BY seq, place`;

/**
 * Stores many messages in new chats of a migrated database, valid in everything that the engine promises: numbers and revisions without gaps,
 * positions, member counts, reading times. The log of commits stays as it is, so that running nodes notice nothing. People are new with each call.
 */
export async function fillDatabase(options: FillOptions): Promise<void> {
  const { messages, userId = null, onProgress = () => undefined } = options;
  const chats = options.chats ?? Math.max(1, Math.ceil(messages / 100));
  const people = Math.max(Math.ceil((2 * chats) / CHATS_PER_PERSON), Math.ceil(Math.sqrt(2 * chats)) + 3);
  const chatsPerChunk = Math.max(1, Math.floor((CHUNK * chats) / messages));
  await withClient(options.databaseUrl, async (client) => {
    const name = `filled${Date.now().toString(36)}`;
    let stored = 0;
    for (let from = 0; from < chats; from += chatsPerChunk) {
      const to = Math.min(from + chatsPerChunk, chats);
      const { rowCount } = await client.query(FILL, [from, to, PAST, chats, messages, userId, name, people]);
      stored += rowCount ?? 0;
      onProgress(stored);
    }
  });
}

/** What autovacuum does in time: without it the first readings after filling would pay for the filling. */
export async function settleDatabase(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query("VACUUM ANALYZE");
    await client.query("CHECKPOINT");
  });
}

/** As it is when the room of what went has been used again. */
export async function compactDatabase(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query("VACUUM (FULL, ANALYZE)");
  });
}

async function withClient(databaseUrl: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
