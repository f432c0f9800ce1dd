import { closeEngine, openEngine } from "../open-engine.js";
import { verifyDatabase } from "./verify-database.js";

// Looks at the database that DATABASE_URL names, as after a restore; exit code 1 when something in it is not as promised.

const { DATABASE_URL: databaseUrl, DATABASE_SCHEMA: schema = "public" } = process.env;

try {
  if (!databaseUrl)
    throw new Error("DATABASE_URL is missing: set it to the database that is to be looked at.");
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const engine = openEngine({ databaseUrl, schema, publish: () => undefined, log: quiet });
  const report = await verifyDatabase(engine);
  await closeEngine(engine);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.faults.length === 0 && report.spoiltSegments.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
