import { type Actor, type NotificationState, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { type PushServiceName, pushServiceOf } from "../notifications/endpoint-policy.js";
import { isPrivileged } from "../policy.js";
import { readByIndex } from "./read-by-index.js";
import { type OverseenUser, readOverseenUsers } from "./read-overseen-users.js";

export interface OverseenDevice {
  id: string;
  service: PushServiceName;
  createdAt: Date;
  lastSuccessAt: Date | null;
  /** The newest delivery that was refused, given up, or is tried again. */
  lastFailure: { at: Date; state: string; status: number | null } | null;
}

export interface RecentNotification {
  id: string;
  type: string;
  chatId: string | null;
  /** The newest message that it tells of. */
  messageId: string | null;
  state: NotificationState;
  reason: string | null;
  createdAt: Date;
}

export interface OverseenUserDetail extends OverseenUser {
  devices: OverseenDevice[];
  recentNotifications: RecentNotification[];
}

const RECENT = 20;
/** Of the person's newest notifications; what became of older ones says little of a device. */
const LOOKED_AT = 100;

const NOTIFICATIONS = `SELECT n.id, n.type, n.chat_id AS "chatId", m.id AS "messageId", n.state, n.reason, n.created_at AS "createdAt"
    FROM (SELECT * FROM notifications WHERE user_id = $1 ORDER BY user_id, created_at DESC LIMIT ${RECENT}) n
    LEFT JOIN LATERAL (SELECT id FROM messages WHERE chat_id = n.chat_id AND seq = n.to_seq OFFSET 0) m ON true
    ORDER BY n.created_at DESC`;

const DEVICES = `WITH recent AS MATERIALIZED (
      SELECT d.* FROM (SELECT id FROM notifications WHERE user_id = $1 ORDER BY user_id, created_at DESC LIMIT ${LOOKED_AT}) n
      CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE notification_id = n.id OFFSET 0) d
    )
    SELECT s.id, s.origin, s.created_at AS "createdAt",
      (SELECT max(done_at) FROM recent r WHERE r.subscription_id = s.id AND r.state = 'accepted') AS "lastSuccessAt",
      f.at, f.state, f.status
    FROM push_subscriptions s
    LEFT JOIN LATERAL (
      SELECT coalesce(r.done_at, r.claimed_at) AS at, r.state::text, r.status_code AS status FROM recent r
      WHERE r.subscription_id = s.id AND (r.state NOT IN ('accepted', 'claimed') OR r.state = 'claimed' AND r.status_code IS NOT NULL)
      ORDER BY 1 DESC LIMIT 1
    ) f ON true
    WHERE s.user_id = $1 ORDER BY s.created_at`;

interface DeviceRow {
  id: string;
  origin: string;
  createdAt: Date;
  lastSuccessAt: Date | null;
  at: Date | null;
  state: string | null;
  status: number | null;
}

/** One person with their devices and newest notifications. Refuses: role_required, user_not_found. */
export async function inspectUser(
  engine: Engine,
  { actor, userId }: { actor: Actor; userId: string },
): Promise<OverseenUserDetail> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const [user] = await readOverseenUsers(engine, [userId]);
  if (user === undefined) throw new ParleyError("user_not_found");
  const values = [userId];
  const devices = await readByIndex<DeviceRow>(engine, { text: DEVICES, values });
  const recentNotifications = await readByIndex<RecentNotification>(engine, { text: NOTIFICATIONS, values });
  return { ...user, devices: devices.map(deviceOf), recentNotifications };
}

function deviceOf({ id, origin, createdAt, lastSuccessAt, at, state, status }: DeviceRow): OverseenDevice {
  const lastFailure = at === null || state === null ? null : { at, state, status };
  return { id, service: pushServiceOf(new URL(origin).hostname), createdAt, lastSuccessAt, lastFailure };
}
