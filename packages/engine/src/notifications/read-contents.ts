import type { MessageType, NotificationType } from "@parley/contracts";
import { CAMPAIGN_CONTENT } from "../campaigns/campaign-runs.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** What a notification says, before it is put into words. */
export interface NotificationContent {
  id: string;
  userId: string;
  type: NotificationType;
  critical: boolean;
  createdAt: Date;
  messageCount: number;
  campaignId: string | null;
  /** Arguments of the template, or a given title and body. */
  data: Record<string, unknown> | null;
  /** null: it is not about a chat, or the person is not in it any more. */
  chat: null | {
    id: string;
    type: "order" | "direct" | "group";
    name: string | null;
    orderId: string | null;
  };
  /** The newest message of others that it is about and that was said since the person came in; null when there is none any more. */
  message: null | {
    id: string;
    seq: number;
    type: MessageType;
    content: string;
    metadata: Record<string, unknown> | null;
    senderId: string;
    senderName: string | null;
  };
  /** What the person has set. */
  locale: string | null;
}

// The range begins where the person came in, the last time: nothing of what was said while they were away is shown.
const READ = {
  name: "read-notification-contents",
  text: `SELECT n.id, n.user_id AS "userId", n.type, n.critical, n.created_at AS "createdAt", n.message_count AS "messageCount",
      n.campaign_id AS "campaignId", coalesce(n.data, ${CAMPAIGN_CONTENT}) AS data, s.locale,
      CASE WHEN m.user_id IS NOT NULL THEN
        jsonb_build_object('id', c.id, 'type', c.type, 'name', c.name, 'orderId', c.order_id) END AS chat,
      CASE WHEN m.user_id IS NOT NULL THEN newest.message END AS message
    FROM notifications n
    LEFT JOIN notification_settings s ON s.user_id = n.user_id
    LEFT JOIN chats c ON c.id = n.chat_id
    LEFT JOIN members m ON m.chat_id = n.chat_id AND m.user_id = n.user_id AND m.left_at IS NULL
    LEFT JOIN LATERAL (
      SELECT jsonb_build_object('id', msg.id, 'seq', msg.seq, 'type', msg.type, 'content', left(msg.content, 400),
        'metadata', CASE WHEN msg.type <> 'text' THEN msg.metadata END, 'senderId', msg.sender_id, 'senderName', u.name) AS message
      FROM newest_notifiable_message(n.chat_id, greatest(n.from_seq - 1, m.joined_seq), n.to_seq, n.user_id, n.category) msg
      LEFT JOIN users u ON u.id = msg.sender_id
    ) newest ON n.message_count > 0
    WHERE n.id = ANY ($1::uuid[])`,
};

/** Reads what notifications say, in no order. Throws database_unavailable. */
export async function readContents(engine: Engine, ids: readonly string[]): Promise<NotificationContent[]> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<NotificationContent>({ ...READ, values: [ids] }),
  );
  return rows;
}
