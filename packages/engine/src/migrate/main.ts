import path from "node:path";
import { applyMigrations } from "./apply-migrations.js";
import { MigrationFault } from "./migration-fault.js";

// From dist/migrate up to the repository's root, where the migrations are.
const standardDir = path.resolve(import.meta.dirname, "../../../../prisma/migrations");

try {
  const databaseUrl = process.env.DATABASE_URL;
  if (!databaseUrl)
    throw new MigrationFault("DATABASE_URL is missing: set it to the database that is to be migrated.");
  const applied = await applyMigrations({
    databaseUrl,
    migrationsDir: process.env.MIGRATIONS_DIR ?? standardDir,
    schema: process.env.DATABASE_SCHEMA,
    log: (line) => process.stdout.write(`${line}\n`),
  });
  if (applied.length === 0) process.stdout.write("the database is up to date\n");
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof MigrationFault ? error.message : (error as Error).stack}\n`);
}

// The engine leaves a timer of ten seconds behind, which would keep the process alive.
process.exit();
