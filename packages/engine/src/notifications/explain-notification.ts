import {
  type Actor,
  EXPLAINED_OUTCOMES,
  type ExplainedOutcome,
  NOTIFICATION_REASONS,
  type NotificationReason,
  type NotificationState,
  ParleyError,
} from "@parley/contracts";
import { findArchived } from "../archive/find-archived.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { mayActFor } from "../policy.js";

/** What became of one message for one person. */
export interface Explanation {
  messageId: string;
  userId: string;
  outcome: ExplainedOutcome;
  reason: NotificationReason | null;
  /** Outcome and reason in words. */
  explanation: string;
  notificationId: string | null;
  createdAt: string | null;
  decidedAt: string | null;
  /** Only while it waits, or is to be tried again. */
  dueAt: string | null;
  deliveries: ExplainedDelivery[];
}

export interface ExplainedDelivery {
  /** The device's subscription; never its endpoint, which is a secret. */
  subscriptionId: string;
  origin: string;
  state: "claimed" | "accepted" | "gone" | "refused" | "expired" | "unrenderable";
  statusCode: number | null;
  /** Tries that have begun; those that were held back are none. */
  attempts: number;
  heldBack: number;
  latencyMs: number | null;
  claimedAt: string;
  doneAt: string | null;
}

interface Row {
  author: string | null;
  isDeleted: boolean;
  isCollected: boolean;
  wasMember: boolean;
  isMember: boolean;
  cameLater: boolean;
  id: string | null;
  state: NotificationState | null;
  reason: NotificationReason | null;
  createdAt: Date | null;
  decidedAt: Date | null;
  dueAt: Date | null;
}

const COLUMNS = `c.notified_seq >= msg.seq AS "isCollected",
      m.user_id IS NOT NULL AS "wasMember", m.user_id IS NOT NULL AND m.left_at IS NULL AS "isMember",
      coalesce(m.joined_seq >= msg.seq, false) AS "cameLater",
      n.id, n.state, n.reason, n.created_at AS "createdAt", n.decided_at AS "decidedAt", n.due_at AS "dueAt"`;

const MEMBER_AND_NOTIFICATION = `LEFT JOIN members m ON m.chat_id = msg.chat_id AND m.user_id = $2
    LEFT JOIN LATERAL (
      SELECT * FROM notifications n
      WHERE n.chat_id = msg.chat_id AND n.user_id = $2 AND n.to_seq >= msg.seq AND n.from_seq <= msg.seq
        AND n.category = coalesce(x.category, n.category)
      ORDER BY n.to_seq LIMIT 1
    ) n ON true`;

const READ = {
  name: "explain-notification",
  text: `SELECT x.author, msg.deleted_at IS NOT NULL AS "isDeleted", ${COLUMNS}
    FROM messages msg
    JOIN chats c ON c.id = msg.chat_id
    LEFT JOIN LATERAL notifiable_messages(msg.chat_id, msg.seq - 1, msg.seq) x ON true
    ${MEMBER_AND_NOTIFICATION}
    WHERE msg.id = $1`,
};

// `notifiable_messages` reads what is not archived; for what is, its rules once more.
const READ_ARCHIVED = {
  name: "explain-archived",
  text: `SELECT x.author, msg.is_deleted AS "isDeleted", ${COLUMNS}
    FROM (SELECT $1::uuid AS chat_id, $3::int AS seq, $4::text AS sender_id, $5::text AS type, $6::boolean AS is_deleted, $7::boolean AS is_note) msg
    JOIN chats c ON c.id = msg.chat_id
    CROSS JOIN LATERAL (SELECT msg.seq = 1 AND msg.type = 'system' AND msg.sender_id = 'system' AND c.type = 'order' AS is_opening) o
    LEFT JOIN LATERAL (
      SELECT CASE WHEN o.is_opening THEN c.created_by ELSE msg.sender_id END AS author, notification_category(CASE
        WHEN msg.type = 'order_update' THEN 'order_update'
        WHEN msg.type = 'receipt_shared' THEN 'receipt'
        WHEN o.is_opening THEN 'new_order'
        WHEN msg.type = 'system' THEN 'system'
        WHEN c.type = 'group' THEN 'group_message'
        ELSE 'new_message' END) AS category
      WHERE NOT msg.is_deleted AND NOT (msg.type = 'system' AND msg.sender_id = 'system' AND msg.is_note)
    ) x ON true
    ${MEMBER_AND_NOTIFICATION}`,
};

const DELIVERIES = {
  name: "explain-deliveries",
  text: `SELECT subscription_id AS "subscriptionId", origin, state, status_code AS "statusCode", attempts - held_back AS attempts,
      held_back AS "heldBack", latency_ms AS "latencyMs",
      claimed_at AS "claimedAt", done_at AS "doneAt"
    FROM deliveries WHERE notification_id = $1 ORDER BY subscription_id`,
};

/**
 * Says why a message was or was not pushed to a person. People may ask about themselves.
 * Refuses: forbidden (about others), message_not_found (also for messages of chats that one never was in).
 */
export async function explainNotification(
  engine: Engine,
  input: { actor: Actor; messageId: string; userId: string },
): Promise<Explanation> {
  const { actor, messageId, userId } = input;
  if (!mayActFor(actor, userId)) throw new ParleyError("forbidden");
  const row = await readRow(engine, { messageId, userId });
  if (row === undefined || !mayKnow(row, input)) throw new ParleyError("message_not_found");
  const outcome = outcomeOf(row, userId);
  const isAbout = row.id !== null && outcome === row.state;
  const reason = isAbout ? row.reason : null;
  return {
    messageId,
    userId,
    outcome,
    reason,
    explanation: reason === null ? EXPLAINED_OUTCOMES[outcome] : NOTIFICATION_REASONS[reason],
    notificationId: isAbout ? row.id : null,
    createdAt: isAbout ? isoOrNull(row.createdAt) : null,
    decidedAt: isAbout ? isoOrNull(row.decidedAt) : null,
    dueAt: outcome === "waiting" || outcome === "due" ? isoOrNull(row.dueAt) : null,
    deliveries: isAbout && row.id !== null ? await readDeliveries(engine, row.id) : [],
  };
}

async function readRow(
  engine: Engine,
  { messageId, userId }: { messageId: string; userId: string },
): Promise<Row | undefined> {
  const { pool } = engine.database;
  const read = () => guardDatabase(() => pool.query<Row>({ ...READ, values: [messageId, userId] }));
  const stored = (await read()).rows[0];
  if (stored !== undefined) return stored;
  const archived = await findArchived(engine.database, { id: messageId });
  // Perhaps it was brought back between the two looks.
  if (archived === null) return (await read()).rows[0];
  const { chatId, seq, senderId, type, deletedAt, metadata } = archived;
  const isNote = typeof metadata === "object" && metadata !== null && "changed_by" in metadata;
  const values = [chatId, userId, seq, senderId, type, deletedAt !== null, isNote];
  const { rows } = await guardDatabase(() => pool.query<Row>({ ...READ_ARCHIVED, values }));
  return rows[0];
}

/** To people who never were in the chat its messages don't exist; who asks about others is an operator. */
function mayKnow(row: Row, { actor, userId }: { actor: Actor; userId: string }): boolean {
  return row.wasMember || row.author === userId || actor.userId !== userId;
}

function outcomeOf(row: Row, userId: string): ExplainedOutcome {
  if (row.author === userId) return "own_message";
  if (row.state !== null) return row.state;
  if (!row.isMember) return "not_member";
  if (row.cameLater) return "joined_later";
  if (row.isDeleted) return "message_deleted";
  if (row.author === null) return "not_notified";
  return row.isCollected ? "not_recorded" : "not_decided";
}

async function readDeliveries(engine: Engine, id: string): Promise<ExplainedDelivery[]> {
  interface DeliveryRow extends Omit<ExplainedDelivery, "claimedAt" | "doneAt"> {
    claimedAt: Date;
    doneAt: Date | null;
  }
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<DeliveryRow>({ ...DELIVERIES, values: [id] }),
  );
  return rows.map((row) => ({
    ...row,
    claimedAt: row.claimedAt.toISOString(),
    doneAt: isoOrNull(row.doneAt),
  }));
}

function isoOrNull(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
