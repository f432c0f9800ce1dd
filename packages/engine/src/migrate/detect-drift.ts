import { readFile } from "node:fs/promises";
import { readMigrations } from "./read-migrations.js";
import { withSchemaEngine } from "./schema-engine.js";

export interface DetectDriftInput {
  /** A database on a server where further databases may be made; it isn't changed itself. */
  databaseUrl: string;
  migrationsDir: string;
  /** The schema that the migrations should add up to. */
  schemaFile: string;
}

/** The SQL that a new migration would need so that all migrations add up to the schema file; "" when they already do. */
export async function detectDrift(input: DetectDriftInput): Promise<string> {
  const migrations = await readMigrations(input.migrationsDir);
  const content = await readFile(input.schemaFile, "utf8");
  return withSchemaEngine({ databaseUrl: input.databaseUrl, schema: "public" }, async (engine) => {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: "migrations", ...migrations },
      to: { tag: "schemaDatamodel", files: [{ path: input.schemaFile, content }] },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 2 ? (stdout ?? "").trim() : "";
  });
}
