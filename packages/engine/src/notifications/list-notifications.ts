import type { Actor, NotificationReason, NotificationState, NotificationType } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { NotificationWords } from "./compose-notification.js";
import { readContentsApart } from "./read-contents-apart.js";
import { UNLISTED_REASONS } from "./unlisted-reasons.js";
import { wordNotification } from "./word-notification.js";

export interface ListNotificationsInput {
  actor: Actor;
  /** From 1. */
  page: number;
  limit: number;
  type?: NotificationType | undefined;
  /** Only those that were not opened. */
  unread?: boolean | undefined;
}

export interface ListedNotification extends NotificationWords {
  id: string;
  type: NotificationType;
  state: NotificationState;
  reason: NotificationReason | null;
  createdAt: string;
  openedAt: string | null;
  clickedAt: string | null;
}

interface Row {
  id: string;
  type: NotificationType;
  state: NotificationState;
  reason: NotificationReason | null;
  createdAt: Date;
  openedAt: Date | null;
  clickedAt: Date | null;
}

// What was decided; and what only waits for the morning or for its turn, for who looks before.
const LISTED = `FROM notifications WHERE user_id = $1
  AND (state IN ('due', 'sent', 'failed') OR state = 'suppressed' AND reason <> ALL ($2::text[])
    OR state = 'waiting' AND reason IN ('quiet_hours', 'rate_limited'))
  AND ($3::text IS NULL OR type = $3) AND (NOT $4::boolean OR opened_at IS NULL)`;

const PAGE = {
  name: "list-notifications",
  text: `SELECT id, type, state, reason, created_at AS "createdAt", opened_at AS "openedAt", clicked_at AS "clickedAt" ${LISTED}
    ORDER BY created_at DESC, id DESC LIMIT $5 OFFSET $6`,
};

const COUNT = { name: "count-listed-notifications", text: `SELECT count(*) AS total ${LISTED}` };

/** What is listed of a notification that can't be put into words: it counts, and can be opened. */
const NO_WORDS = { title: "Notification", body: "" };

/**
 * The actor's notifications, newest first, in their language. Texts of chats that they are not in any more are not told. One that can't be
 * put into words is listed without them.
 */
export async function listNotifications(
  engine: Engine,
  input: ListNotificationsInput,
): Promise<{ notifications: ListedNotification[]; total: number }> {
  const { actor, page, limit, type, unread } = input;
  const which = [actor.userId, [...UNLISTED_REASONS], type ?? null, unread ?? false];
  const { pool } = engine.database;
  const [{ rows }, counted] = await guardDatabase(() =>
    Promise.all([
      pool.query<Row>({ ...PAGE, values: [...which, limit, (page - 1) * limit] }),
      pool.query<{ total: number }>({ ...COUNT, values: which }),
    ]),
  );
  const contents = await readContentsApart(
    engine,
    rows.map(({ id }) => id),
  );
  const notifications = rows.map((row) => {
    const content = contents.get(row.id);
    const words = content && wordNotification(engine, content);
    return listed(row, words ?? { ...NO_WORDS, data: { type: row.type, notificationId: row.id } });
  });
  return { notifications, total: counted.rows[0]?.total ?? 0 };
}

function listed(
  { createdAt, openedAt, clickedAt, ...row }: Row,
  words: NotificationWords,
): ListedNotification {
  const times = {
    createdAt: createdAt.toISOString(),
    openedAt: openedAt?.toISOString() ?? null,
    clickedAt: clickedAt?.toISOString() ?? null,
  };
  return { ...row, ...words, ...times };
}
