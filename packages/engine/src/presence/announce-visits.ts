import { AUDIENCE_LIST_LIMIT, type Audience, type Signal } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { publishSignals } from "../events/publish.js";

/** Somebody came into a chat, or left it. */
export interface Visit {
  chatId: string;
  userId: string;
  isHere: boolean;
  /** ISO 8601 in UTC. */
  at: string;
}

interface Row {
  id: string;
  audience: Audience;
}

/**
 * Tells everyone in the chats, the visitors too, who came and who left. Two queries for all of them. Nothing is said of chats that do not
 * exist any more.
 */
export async function announceVisits(engine: Engine, visits: readonly Visit[]): Promise<void> {
  const [audiences, roles] = await guardDatabase(() =>
    Promise.all([readAudiences(engine, visits), readRoles(engine, visits)]),
  );
  const signals = visits.flatMap(({ chatId, userId, isHere, at }): Signal[] => {
    const audience = audiences.get(chatId);
    if (audience === undefined) return [];
    const name = isHere ? "viewer.joined" : "viewer.left";
    return [{ chatId, audience, body: { name, userId, role: roles.get(userId) ?? "user", at } }];
  });
  if (signals.length > 0) publishSignals(engine, signals);
}

async function readAudiences(engine: Engine, visits: readonly Visit[]): Promise<Map<string, Audience>> {
  const { rows } = await engine.database.pool.query<Row>({
    name: "read-audiences",
    text: `SELECT id, CASE WHEN member_count <= $2
        THEN ARRAY(SELECT user_id FROM members WHERE chat_id = c.id AND left_at IS NULL) END AS audience
      FROM chats c WHERE id = ANY ($1::uuid[])`,
    values: [[...new Set(visits.map(({ chatId }) => chatId))], AUDIENCE_LIST_LIMIT],
  });
  return new Map(rows.map(({ id, audience }) => [id, audience]));
}

async function readRoles(engine: Engine, visits: readonly Visit[]): Promise<Map<string, string>> {
  const { rows } = await engine.database.pool.query<{ id: string; role: string }>({
    name: "read-roles",
    text: "SELECT id, role FROM users WHERE id = ANY ($1::text[])",
    values: [[...new Set(visits.map(({ userId }) => userId))]],
  });
  return new Map(rows.map(({ id, role }) => [id, role]));
}
