import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Cluster, startCluster } from "@parley/platform/local";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectNative } from "../native-client.js";
import { type PgBouncer, startPgBouncer } from "../pgbouncer.js";
import { restClient } from "../rest-client.js";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "../test-database.js";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET } from "../test-token.js";
import { until } from "../until.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
/** Far fewer than the processes open to PgBouncer. */
const POOL_SIZE = 5;
const LOST = "drops settings";

let database: TestDatabase;
let owner: TestDatabase["url"];
let pgBouncer: PgBouncer;
let cluster: Cluster | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  const { hostname, port, username, password, pathname } = new URL(database.url);
  owner = `postgresql://${username}:${password}@${hostname}:${port}${pathname}`;
  pgBouncer = await startPgBouncer(owner, POOL_SIZE);
});

afterAll(async () => {
  await cluster?.stop();
  await pgBouncer?.stop();
  await database?.drop();
});

/** As `psql` runs the file, whose last line it alone understands. */
async function giveSettings(): Promise<void> {
  const file = readFileSync(path.join(ROOT, "infra/postgres/session-settings.sql"), "utf8");
  const client = new Client({ connectionString: owner });
  await client.connect();
  const text = file.replace(":'role'", client.escapeLiteral(new URL(owner).username)).replace("\\gexec", "");
  const { rows } = await client.query<{ format: string }>(text);
  for (const { format } of rows) await client.query(format);
  await client.end();
}

async function start(): Promise<Cluster> {
  const plenty = {
    MESSAGES_PER_MINUTE: "1000000",
    MESSAGES_BURST: "100000",
    REQUESTS_PER_MINUTE: "1000000",
    REQUESTS_BURST: "100000",
  };
  return startCluster({
    root: ROOT,
    port: 0,
    databaseUrl: pgBouncer.url,
    redisUrl: testRedisUrl(),
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET },
    env: {
      ...process.env,
      ...plenty,
      LOG_LEVEL: "warn",
      REDIS_PREFIX: `pgbouncer-${process.pid}-${Date.now()}`,
    },
    // Migrations don't go through it.
    scripts: { migrate: path.join(import.meta.dirname, "../../dist/bench/collect-garbage.js") },
  });
}

function logsOf({ services }: Cluster): string {
  return ["api-1", "api-2", "worker"]
    .map((name) => readFileSync(path.join(services.dataDir, `${name}.log`), "utf8"))
    .join("");
}

test("without the settings each process says what is missing", async () => {
  const bare = await start();
  for (const name of ["api-1", "api-2", "worker"]) {
    const log = () => readFileSync(path.join(bare.services.dataDir, `${name}.log`), "utf8");
    await until(() => log().includes(LOST) && log().includes("enable_seqscan"), `${name} says so`);
  }
  await bare.stop();
});

test("with them two nodes and a worker share few connections, and lose, double and reorder nothing", async () => {
  await giveSettings();
  await pgBouncer.stop();
  pgBouncer = await startPgBouncer(owner, POOL_SIZE);
  const running = await start();
  cluster = running;
  const [first = "", second = ""] = running.nodes.map(({ url }) => url);
  const people = Array.from({ length: 12 }, (_, place) => `person-${place}`);
  const [ann = ""] = people;
  const rest = restClient(first, { userId: ann });
  const { body } = await rest.request<{ id: string }>("POST", "/v1/chat", {
    type: "group",
    name: "tea",
    member_ids: people,
  });
  const clients = await Promise.all(
    people.map((userId, place) => connectNative(place % 2 === 0 ? first : second, { userId })),
  );
  const sends = clients.flatMap((client) =>
    Array.from({ length: 20 }, (_, number) =>
      client.ask("send_message", {
        chatId: body.id,
        message: { content: `${client.userId} ${number}`, client_id: `${client.userId}-${number}` },
      }),
    ),
  );
  const answers = await Promise.all(sends);
  expect(answers.filter(({ ok }) => !ok)).toEqual([]);
  const wanted = Array.from({ length: sends.length }, (_, number) => number + 1);
  for (const client of clients) {
    await until(() => client.messages(body.id).length >= sends.length, `${client.userId} hears everything`);
    expect(client.messages(body.id).map(({ seq }) => seq)).toEqual(wanted);
  }
  const retry = await clients[1]?.ask("send_message", {
    chatId: body.id,
    message: { content: "person-1 0", client_id: "person-1-0" },
  });
  expect(retry?.message?.seq).toBeLessThanOrEqual(sends.length);
  for (const client of clients) client.close();
  const servers = await pgBouncer.show<{ database: string }>("SERVERS");
  const asking = await pgBouncer.show<{ database: string }>("CLIENTS");
  const name = new URL(owner).pathname.slice(1);
  expect(servers.filter((one) => one.database === name).length).toBeLessThanOrEqual(POOL_SIZE);
  expect(asking.filter((one) => one.database === name).length).toBeGreaterThan(POOL_SIZE);
  expect(logsOf(running)).not.toContain(LOST);
  expect(logsOf(running)).not.toContain('"level":"error"');
});
