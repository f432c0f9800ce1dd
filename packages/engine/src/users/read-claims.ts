import type { Database } from "../database/database.js";
import type { Claims } from "./people.js";

const READ = {
  name: "read-claims",
  text: "SELECT id, name, email, picture FROM users WHERE id = ANY($1)",
};

/** What tokens and gateways have said about people, by user id. Throws when the database does not answer. */
export async function readClaims({ pool }: Database, userIds: string[]): Promise<Map<string, Claims>> {
  const { rows } = await pool.query<Claims & { id: string }>({ ...READ, values: [userIds] });
  return new Map(rows.map(({ id, ...claims }) => [id, claims]));
}
