import type { Engine } from "../engine.js";
import { SESSION_SETTINGS } from "./database.js";
import { guardDatabase } from "./database-failure.js";

const READ = {
  name: "session-settings",
  text: "SELECT name, setting FROM pg_settings WHERE lower(name) = ANY ($1::text[])",
};

/**
 * Logs which settings connections were to have and have not, as when a pooler in between drops them: whole tables would be read, and nothing would end a
 * statement that hangs. Says nothing, and never rejects, when all is well or the database does not answer. For the start of a process.
 */
export async function tellMissingSettings(engine: Engine): Promise<void> {
  const names = Object.keys(SESSION_SETTINGS);
  const asked = engine.database.pool.query<{ name: string; setting: string }>({ ...READ, values: [names] });
  const answer = await guardDatabase(() => asked).catch(() => undefined);
  if (answer === undefined) return;
  const found = new Map(answer.rows.map(({ name, setting }) => [name.toLowerCase(), setting]));
  const missing = names.filter((name) => found.get(name) !== SESSION_SETTINGS[name]);
  if (missing.length > 0)
    engine.log.error(
      { missing },
      "what is between this process and Postgres drops settings: give them to the role with infra/postgres/session-settings.sql",
    );
}
