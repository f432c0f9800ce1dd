import type { NotificationType } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { enqueueDecisions } from "./hand-over.js";

/** A notification that does not come from a chat. */
export interface NotificationDraft {
  userId: string;
  type: NotificationType;
  /** Passes quiet hours and the rate. */
  critical: boolean;
  /** Arguments of the template, or a given `title` and `body`. */
  data: Record<string, unknown>;
}

const CREATE = {
  name: "create-notifications",
  text: `INSERT INTO notifications (id, user_id, type, category, critical, data, newest_at, due_at, created_at)
    SELECT new_notification_id(t.now), d.user_id, d.type, notification_category(d.type), d.critical, d.data::jsonb, t.now, t.now, t.now
    FROM unnest($1::text[], $2::text[], $3::boolean[], $4::text[]) AS d(user_id, type, critical, data)
    CROSS JOIN (SELECT statement_timestamp() AS now) t
    RETURNING id`,
};

/** Stores notifications and asks for their decision. Returns their ids. */
export async function createNotifications(
  engine: Engine,
  drafts: readonly NotificationDraft[],
): Promise<string[]> {
  const values = [
    drafts.map((draft) => draft.userId),
    drafts.map((draft) => draft.type),
    drafts.map((draft) => draft.critical),
    drafts.map((draft) => JSON.stringify(draft.data)),
  ];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ id: string }>({ ...CREATE, values }),
  );
  const ids = rows.map(({ id }) => id);
  enqueueDecisions(engine, ids);
  return ids;
}
