import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../chaos/random.js";
import { badRequests, goodRequest, wrongRoutes } from "../fuzz/bad-requests.js";
import { answerFaults } from "../fuzz/check-answers.js";
import { fuzzSeed } from "../fuzz/fuzz-seed.js";
import type { FuzzStage } from "../fuzz/fuzz-subject.js";
import { FUZZ_SUBJECTS } from "../fuzz/fuzz-subjects.js";
import { nodeFaults } from "../fuzz/node-faults.js";
import { askUntilServed, openAgent } from "../fuzz/raw-request.js";
import { openStoredRows, type StoredRows } from "../fuzz/stored-rows.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";

let cluster: TestCluster;
let stored: StoredRows;
let pids: Array<number | undefined>;
const seed = fuzzSeed();
const under = `with FUZZ_SEED=${seed}`;

beforeAll(async () => {
  process.stdout.write(`fuzz-requests: FUZZ_SEED=${seed}\n`);
  cluster = await startTestCluster();
  stored = await openStoredRows(cluster.databaseUrl);
  pids = cluster.nodes.map(({ pid }) => pid);
});

afterAll(async () => {
  await stored?.close();
  await cluster?.stop();
});

describe.each(FUZZ_SUBJECTS)("bad requests on $name", ({ name, prepare }) => {
  let stage: FuzzStage;
  let turn = 0;
  const nextTurn = () => turn++;
  /** In an order of their own in each run. */
  const shuffled = <Thing>(things: readonly Thing[]) =>
    new Random(seed).fork(name).sample(things, things.length);

  beforeAll(async () => {
    stage = await prepare(cluster.urls);
  });

  it("are refused in its words, whatever is wrong, and store nothing", async () => {
    const requests = shuffled([
      ...stage.calls.flatMap((call) => badRequests({ stage, call, nextTurn })),
      ...wrongRoutes(stage),
    ]);
    const [refused, others] = [true, false].map((isRefused) =>
      requests.filter((request) => request.isRefused === isRefused),
    ) as [typeof requests, typeof requests];
    expect(refused.length).toBeGreaterThan(stage.calls.length * 10);
    const before = await stored.digest();
    expect(await answerFaults({ url: cluster.urls[0], stage }, refused), under).toEqual([]);
    expect(await stored.digest(), under).toEqual(before);
    expect(await answerFaults({ url: cluster.urls[1], stage }, others), under).toEqual([]);
  });

  it("leave the good ones as they were", async () => {
    // Of a chat that nobody has changed.
    const fresh = await prepare(cluster.urls);
    const agent = openAgent();
    for (const call of fresh.calls) {
      const answer = await askUntilServed(
        { url: cluster.urls[1], agent },
        goodRequest({ stage: fresh, call, nextTurn }),
      );
      expect([call.method, call.path, answer.status < 300 ? "taken" : answer.text]).toEqual([
        call.method,
        call.path,
        "taken",
      ]);
    }
    agent.destroy();
  });
});

it("no node has failed unexpectedly, and all still run", () => {
  expect(nodeFaults(cluster), under).toEqual([]);
  expect(cluster.nodes.map(({ pid }) => pid)).toEqual(pids);
});
