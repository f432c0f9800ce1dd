import { setTimeout as sleep } from "node:timers/promises";
import { testToken } from "../test-token.js";
import { usersByKind } from "./chaos-client-kinds.js";
import { operator } from "./chaos-rest.js";
import { persistentRequest } from "./persistent-request.js";
import type { Stage } from "./stage.js";

const REDIS_AWAY_MS = 1_000;
/** What a revocation may take, and what it may take when the nodes can't be told of it. */
const BOUND_MS = 2_000;
const BOUND_WITHOUT_REDIS_MS = 30_000;
/** In which nothing may reach those who are out; and tokens know whole seconds. */
const OUTSIDE_MS = 3_000;
const LOOK_MS = 100;

/** Takes the access of one user of each kind of client away while all is well, and of one more while Redis is away; then lets them in with fresh tokens. */
export async function revokeUsers(stage: Stage): Promise<void> {
  const { random, users, cluster } = stage;
  const pairs = Object.values(usersByKind(users)).map((kind) => random.sample(kind, 2));
  const calm = pairs.map(([one = ""]) => one);
  const away = pairs.map(([, other = ""]) => other);
  await revokeAndAdmit(stage, { victims: calm, boundMs: BOUND_MS });
  await cluster.services.killRedis();
  const back = sleep(REDIS_AWAY_MS).then(() => cluster.services.startRedis());
  await revokeAndAdmit(stage, { victims: away, boundMs: BOUND_WITHOUT_REDIS_MS });
  await back;
}

async function revokeAndAdmit(
  stage: Stage,
  { victims, boundMs }: { victims: string[]; boundMs: number },
): Promise<void> {
  const { load } = stage;
  await Promise.all(victims.map((user) => revoke(stage, { user, boundMs })));
  const deadline = performance.now() + boundMs + OUTSIDE_MS;
  const allOut = async () => (await load.ask("refused", { users: victims })) === victims.length;
  while (!(await allOut()) && performance.now() < deadline) await sleep(LOOK_MS);
  await sleep(OUTSIDE_MS);
  for (const user of victims) {
    await load.ask("renew", { user, token: testToken({ userId: user, expiresIn: 86_400 }) });
  }
}

async function revoke(
  { cluster, recorder }: Stage,
  { user, boundMs }: { user: string; boundMs: number },
): Promise<void> {
  const op = recorder.operation();
  recorder.record({ type: "invoke", user: "operator", op, f: "revoke", chat: "", about: user, boundMs });
  const path = `/v1/admin/users/${user}/revoke`;
  const { status, body } = await persistentRequest(operator(cluster.url), { method: "POST", path });
  if (status !== 200) throw new Error(`${user} could not be revoked: ${status} ${JSON.stringify(body)}`);
  recorder.record({ type: "ok", user: "operator", op });
}
