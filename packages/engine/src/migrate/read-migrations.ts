import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { MigrationList } from "@prisma/schema-engine-wasm";
import { MigrationFault } from "./migration-fault.js";

/** Reads a folder of migrations (`<name>/migration.sql`, applied in the order of their names). */
export async function readMigrations(migrationsDir: string): Promise<MigrationList> {
  if (!existsSync(migrationsDir)) {
    throw new MigrationFault(`There are no migrations at ${migrationsDir}: correct MIGRATIONS_DIR.`);
  }
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const lockfile = path.join(migrationsDir, "migration_lock.toml");
  return {
    baseDir: migrationsDir,
    lockfile: {
      path: "migration_lock.toml",
      content: existsSync(lockfile) ? await readFile(lockfile, "utf8") : null,
    },
    shadowDbInitScript: "",
    migrationDirectories: await Promise.all(
      names.sort().map(async (name) => ({
        path: name,
        migrationFile: {
          path: "migration.sql",
          content: { tag: "ok" as const, value: await readSql(path.join(migrationsDir, name)) },
        },
      })),
    ),
  };
}

async function readSql(folder: string): Promise<string> {
  try {
    return await readFile(path.join(folder, "migration.sql"), "utf8");
  } catch {
    throw new MigrationFault(
      `The migration ${path.basename(folder)} has no migration.sql: add it or remove the folder.`,
    );
  }
}
