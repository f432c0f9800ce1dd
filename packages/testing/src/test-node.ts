import { closeEngine } from "@parley/engine";
import { createTestDatabase } from "./test-database.js";
import { openTestEngine, type TestEngine } from "./test-engine.js";

/** An engine on a database of its own. */
export interface TestNode extends TestEngine {
  databaseUrl: string;
  /** Runs a statement of the test's own. */
  run<Row = Record<string, unknown>>(statement: string, values?: unknown[]): Promise<Row[]>;
  /** Ends the engine and drops its database. */
  close(): Promise<void>;
}

/** Opens one process's engine on a new database; `openTestEngine` with its `databaseUrl` opens further ones. */
export async function openTestNode(options: Parameters<typeof openTestEngine>[1] = {}): Promise<TestNode> {
  const database = await createTestDatabase();
  const node = openTestEngine(database.url, options);
  return {
    ...node,
    databaseUrl: database.url,
    run: async <Row>(statement: string, values: unknown[] = []) =>
      (await node.engine.database.pool.query(statement, values)).rows as Row[],
    close: async () => {
      await closeEngine(node.engine);
      await database.drop();
    },
  };
}
