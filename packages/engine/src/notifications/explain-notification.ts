import {
  type Actor,
  EXPLAINED_OUTCOMES,
  type ExplainedOutcome,
  NOTIFICATION_REASONS,
  type NotificationReason,
  type NotificationState,
  ParleyError,
} from "@parley/contracts";
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

const READ = {
  name: "explain-notification",
  text: `SELECT x.author, msg.deleted_at IS NOT NULL AS "isDeleted", c.notified_seq >= msg.seq AS "isCollected",
      m.user_id IS NOT NULL AS "wasMember", m.user_id IS NOT NULL AND m.left_at IS NULL AS "isMember",
      coalesce(m.joined_seq >= msg.seq, false) AS "cameLater",
      n.id, n.state, n.reason, n.created_at AS "createdAt", n.decided_at AS "decidedAt", n.due_at AS "dueAt"
    FROM messages msg
    JOIN chats c ON c.id = msg.chat_id
    LEFT JOIN LATERAL notifiable_messages(msg.chat_id, msg.seq - 1, msg.seq) x ON true
    LEFT JOIN members m ON m.chat_id = msg.chat_id AND m.user_id = $2
    LEFT JOIN LATERAL (
      SELECT * FROM notifications n
      WHERE n.chat_id = msg.chat_id AND n.user_id = $2 AND n.to_seq >= msg.seq AND n.from_seq <= msg.seq
        AND n.category = coalesce(x.category, n.category)
      ORDER BY n.to_seq LIMIT 1
    ) n ON true
    WHERE msg.id = $1`,
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
  const { pool } = engine.database;
  const { rows } = await guardDatabase(() => pool.query<Row>({ ...READ, values: [messageId, userId] }));
  const row = rows[0];
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
