import { Client } from "pg";

/** How much is stored of what operators look at. */
export interface OversightRows {
  people: number;
  chats: number;
  notifications: number;
  auditEntries: number;
}

/** The person and the chat that have most of everything. */
export const BUSY = { user: "busy", chat: "00000000-0000-7000-8000-00000000b0b0" };

type Fill = (rows: OversightRows) => [text: string, values: unknown[]];

const NAMES = "ARRAY['Ada','Ben','Cleo','Dora','Emil','Finn','Gina','Hugo','Iris','Jan']";

const FILLS: readonly Fill[] = [
  ({ people }) => [
    `INSERT INTO users (id, role, name) SELECT 'person-' || n, 'user', (${NAMES})[1 + n % 10] || ' ' || n FROM generate_series(1, $1::int) n
      UNION ALL VALUES ('busy', 'user', 'Bea Busy')`,
    [people],
  ],
  ({ people }) => [
    `INSERT INTO user_access (user_id, blocked, muted_until, muted_reason)
      SELECT 'person-' || n, n % 3 = 0, now() + interval '1 day', 'spam' FROM generate_series(1, $1::int, 50) n`,
    [people],
  ],
  ({ people }) => [
    `INSERT INTO user_holds (user_id, reason, held_by) SELECT 'person-' || n, 'case', 'ops' FROM generate_series(1, $1::int, 100) n`,
    [people],
  ],
  ({ chats }) => [
    `INSERT INTO chats (id, type, status, name, order_id, created_by, member_count, last_seq, last_rev, notified_seq, legal_hold)
      SELECT new_notification_id(now() - n * interval '1 minute'), CASE n % 3 WHEN 0 THEN 'order' ELSE 'group' END::chat_type,
        CASE WHEN n % 10 = 0 THEN 'closed' ELSE 'active' END::chat_status, 'Chat about ' || n, CASE n % 3 WHEN 0 THEN 'order-' || n END,
        'person-' || n, 3, 1, 3, 1, n % 1000 = 0 FROM generate_series(1, $1::int) n
      UNION ALL VALUES ('${BUSY.chat}'::uuid, 'group'::chat_type, 'active'::chat_status, 'All of us', NULL, 'busy', 5000, 1, 5000, 1, false)`,
    [chats],
  ],
  ({ people }) => [
    `INSERT INTO members (chat_id, user_id, role, joined_rev, rev)
      SELECT c.id, 'person-' || (c.number + 7 * i) % $1::int + 1, 'member', 1, 1 FROM chats c, generate_series(0, 1) i
      ON CONFLICT DO NOTHING`,
    [people],
  ],
  () => [
    `INSERT INTO members (chat_id, user_id, role, joined_rev, rev, left_at)
      SELECT id, 'busy', 'member', 1, 1, CASE WHEN number % 7 = 0 THEN now() END FROM chats WHERE number % 5 = 0 ON CONFLICT DO NOTHING`,
    [],
  ],
  () => [
    `INSERT INTO members (chat_id, user_id, role, joined_rev, rev)
      SELECT '${BUSY.chat}', 'person-' || n, 'member', n, n FROM generate_series(1, 5000) n ON CONFLICT DO NOTHING`,
    [],
  ],
  () => [
    `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
      SELECT gen_random_uuid(), id, 1, 2, created_by, 'user', 'text', 'Hello' FROM chats`,
    [],
  ],
  ({ people }) => [
    `INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, origin)
      SELECT gen_random_uuid(), 'person-' || n, 'https://push.example/' || n, '', '', 'https://fcm.googleapis.com' FROM generate_series(1, $1::int) n
      UNION ALL SELECT gen_random_uuid(), 'busy', 'https://push.example/busy-' || n, '', '', 'https://fcm.googleapis.com' FROM generate_series(1, 10) n`,
    [people],
  ],
  // A sixth of all is the busy one's, the newest included.
  ({ notifications, people }) => [
    `INSERT INTO notifications (id, user_id, type, category, state, reason, created_at, due_at, decided_at)
      SELECT new_notification_id(past), CASE WHEN n % 6 = 0 THEN 'busy' ELSE 'person-' || (n % $2::int + 1) END, 'system', 'system_alerts',
        CASE WHEN n % 2 = 0 THEN 'sent' ELSE 'suppressed' END::notification_state, CASE WHEN n % 2 = 1 THEN 'read' END, past, past, past
      FROM generate_series(0, $1::int - 1) n CROSS JOIN LATERAL (SELECT now() - n * interval '0.2 seconds' AS past) p`,
    [notifications, people],
  ],
  () => [
    `INSERT INTO deliveries (notification_id, subscription_id, origin, state, latency_ms, status_code, due_at, claimed_at, done_at)
      SELECT id, gen_random_uuid(), 'https://fcm.googleapis.com', CASE WHEN attempts = 0 THEN 'accepted' ELSE 'gone' END::delivery_state, 20, 201,
        created_at, created_at, created_at FROM notifications WHERE state = 'sent'`,
    [],
  ],
  ({ auditEntries }) => [
    `INSERT INTO audit_entries (at, actor_id, actor_role, action, subject_kind, subject_id, detail)
      SELECT now() - n * interval '10 seconds', 'ops-' || n % 3, 'admin', (ARRAY['user.muted','chat.archived','message.deleted','login.refused'])[1 + n % 4],
        'user', 'person-' || n % 1000, '{}' FROM generate_series(1, $1::int) n`,
    [auditEntries],
  ],
  ({ auditEntries }) => [
    `INSERT INTO data_tasks (id, kind, user_id, state, requested_by, created_at, finished_at)
      SELECT new_notification_id(past), 'export', CASE WHEN n % 4 = 0 THEN 'busy' ELSE 'person-' || n END, 'done', 'ops', past, past
      FROM generate_series(1, $1::int) n CROSS JOIN LATERAL (SELECT now() - n * interval '1 minute' AS past) p`,
    [Math.ceil(auditEntries / 2)],
  ],
  ({ auditEntries }) => [
    `INSERT INTO archive_runs (id, kind, state, created_at, started_at, finished_at, chats_left)
      SELECT new_notification_id(past), 'scheduled', 'done', past, past, past, 0
      FROM generate_series(1, $1::int) n CROSS JOIN LATERAL (SELECT now() - n * interval '1 hour' AS past) p`,
    [Math.ceil(auditEntries / 4)],
  ],
  ({ auditEntries }) => [
    `INSERT INTO campaigns (id, created_by, audience, notification, category, state, send_at, total, expanded, done_at)
      SELECT new_notification_id(past), 'ops', '{"user_count": 1}', '{"title": "Sale", "body": "All of it"}', 'promotional', 'done', past, 1, true, past
      FROM generate_series(1, $1::int) n CROSS JOIN LATERAL (SELECT now() - n * interval '1 hour' AS past) p`,
    [Math.ceil(auditEntries / 10)],
  ],
  // The newest campaign has told the busy one's notifications, too: all of them are counted for its page.
  ({ people }) => [
    `INSERT INTO notifications (id, user_id, type, category, state, campaign_id, created_at, due_at)
      SELECT gen_random_uuid(), 'person-' || n, 'campaign', 'promotional', 'sent', (SELECT id FROM campaigns ORDER BY id DESC LIMIT 1), now() - interval '2 days', now()
      FROM generate_series(1, $1::int) n`,
    [Math.ceil(people / 3)],
  ],
  ({ people }) => [
    "UPDATE campaigns SET total = $1::int WHERE id = (SELECT id FROM campaigns ORDER BY id DESC LIMIT 1)",
    [Math.ceil(people / 3)],
  ],
];

/** Stores what the pages of operators list, in a migrated database. */
export async function fillOversight(databaseUrl: string, rows: OversightRows): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const fill of FILLS) {
      const [text, values] = fill(rows);
      await client.query(text, values);
    }
  } finally {
    await client.end();
  }
}
