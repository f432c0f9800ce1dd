import { setTimeout as sleep } from "node:timers/promises";
import { testToken } from "../test-token.js";
import { operator } from "./chaos-rest.js";
import { persistentRequest } from "./persistent-request.js";
import type { Stage } from "./stage.js";

/** Of those who are revoked at a time, half lose their access while Redis is away. */
const AT_ONCE = 2;
const REDIS_AWAY_MS = 1_000;
/** What a revocation may take, and what it may take when the nodes can't be told of it. */
const BOUND_MS = 2_000;
const BOUND_WITHOUT_REDIS_MS = 30_000;
/** In which nothing may reach those who are out; and tokens know whole seconds. */
const OUTSIDE_MS = 3_000;
const LOOK_MS = 100;

/** Takes some users' access away while all is well, and some others' while Redis is away; then lets them in with fresh tokens. */
export async function revokeUsers(stage: Stage): Promise<void> {
  const { random, users, cluster } = stage;
  // From both ends, so that users of each kind of client are among them.
  const half = Math.floor(users.length / 2);
  const pick = (from: number, to: number) => random.sample(users.slice(from, to), AT_ONCE);
  const [native, sdk] = [pick(0, half), pick(half + 1, users.length)];
  const [calm, away] = [
    [native[0] ?? "", sdk[0] ?? ""],
    [native[1] ?? "", sdk[1] ?? ""],
  ];
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
