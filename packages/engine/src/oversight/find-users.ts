import { type Actor, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { readCursor, writeCursor } from "./page-cursor.js";
import { readByIndex } from "./read-by-index.js";
import { type OverseenUser, readOverseenUsers } from "./read-overseen-users.js";

export interface FindUsersInput {
  actor: Actor;
  /** The beginning of an id or of a name, in any case; everybody when left out. */
  text?: string | undefined;
  limit: number;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
}

interface Found {
  id: string;
  part: "id" | "name";
  key: string;
}

// U+10FFFF comes after everything that an id or a name can begin with.
const BY_ID = `SELECT id, 'id' AS part, lower(id) AS key FROM users
    WHERE (lower(id) COLLATE "C", id COLLATE "C") > ($2 COLLATE "C", $3 COLLATE "C")
      AND lower(id) COLLATE "C" >= lower($1) COLLATE "C" AND lower(id) COLLATE "C" < (lower($1) || chr(1114111)) COLLATE "C"
    ORDER BY lower(id) COLLATE "C", id COLLATE "C" LIMIT $4`;

const BY_NAME = `SELECT id, 'name' AS part, lower(name) AS key FROM users
    WHERE name IS NOT NULL AND (lower(name) COLLATE "C", id COLLATE "C") > ($2 COLLATE "C", $3 COLLATE "C")
      AND lower(name) COLLATE "C" >= lower($1) COLLATE "C" AND lower(name) COLLATE "C" < (lower($1) || chr(1114111)) COLLATE "C"
    ORDER BY lower(name) COLLATE "C", id COLLATE "C" LIMIT $4`;

/** A page of the people who have been here: those whose id, then those whose name begins with a text. Refuses: role_required, invalid_input (the cursor). */
export async function findUsers(
  engine: Engine,
  input: FindUsersInput,
): Promise<{ users: OverseenUser[]; nextCursor: string | null }> {
  if (!isPrivileged(input.actor)) throw new ParleyError("role_required");
  const { limit, text = "" } = input;
  const [part, key, id] = input.cursor === undefined ? ["id", "", ""] : readCursor(input.cursor, 3);
  const found: Found[] = [];
  if (part === "id")
    found.push(...(await readByIndex<Found>(engine, { text: BY_ID, values: [text, key, id, limit + 1] })));
  if (text !== "" && found.length <= limit) {
    const from = part === "name" ? [key, id] : ["", ""];
    const named = await readByIndex<Found>(engine, { text: BY_NAME, values: [text, ...from, limit + 1] });
    // Whose id begins so, too, has been listed for that.
    const isNew = (one: Found) => !one.id.toLowerCase().startsWith(text.toLowerCase());
    found.push(...named.filter(isNew));
    const last = named.at(-1);
    if (named.length > limit && found.length <= limit && last !== undefined)
      return finish(engine, { page: found, nextCursor: cursorOf(last) });
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return finish(engine, { page, nextCursor: found.length > limit && last ? cursorOf(last) : null });
}

const cursorOf = ({ part, key, id }: Found) => writeCursor([part, key, id]);

async function finish(engine: Engine, { page, nextCursor }: { page: Found[]; nextCursor: string | null }) {
  const ids = page.map(({ id }) => id);
  return { users: await readOverseenUsers(engine, ids), nextCursor };
}
