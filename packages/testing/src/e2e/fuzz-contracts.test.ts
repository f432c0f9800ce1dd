import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Random } from "../chaos/random.js";
import { brokenFrames, padded } from "../fuzz/broken-frames.js";
import { refusalFaults, type SentFrame, takingFaults } from "../fuzz/check-refusals.js";
import { fuzzSeed } from "../fuzz/fuzz-seed.js";
import type { Fields, FuzzStage } from "../fuzz/fuzz-subject.js";
import { FUZZ_SUBJECTS } from "../fuzz/fuzz-subjects.js";
import { hostileValues } from "../fuzz/hostile-values.js";
import { type Mutant, mutateFields, surroundFields } from "../fuzz/mutate-fields.js";
import { nodeFaults } from "../fuzz/node-faults.js";
import { randomFrame } from "../fuzz/random-frames.js";
import { readAs } from "../fuzz/read-as.js";
import { openStoredRows, type StoredRows } from "../fuzz/stored-rows.js";
import type { RawClient } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

/** Random frames for each contract. */
const RANDOM_FRAMES = 2_000;

let cluster: TestCluster;
let stored: StoredRows;
let pids: Array<number | undefined>;
const seed = fuzzSeed();
const under = `with FUZZ_SEED=${seed}`;

beforeAll(async () => {
  process.stdout.write(`fuzz-contracts: FUZZ_SEED=${seed}\n`);
  cluster = await startTestCluster();
  stored = await openStoredRows(cluster.databaseUrl);
  pids = cluster.nodes.map(({ pid }) => pid);
});

afterAll(async () => {
  await stored?.close();
  await cluster?.stop();
});

/** Everything that is sent about each kind of frame, one change at a time. */
function systematicFrames(stage: FuzzStage, nextTurn: () => number): Mutant[] {
  const values = hostileValues(stage.foreignIds);
  return stage.frames.flatMap(({ name, good }) => {
    const again = () => good(nextTurn());
    const mutants = [...mutateFields(again, values), ...surroundFields(again)];
    return mutants.map(({ what, text }) => ({ what: `${name} ${what}`, text }));
  });
}

/**
 * Sorts frames by what the contract says to them. What would repeat a client id is left out: whether it fits depends on the first one.
 * `clientIds` are those that have been used, and grows.
 */
function sorted(
  stage: FuzzStage,
  { mutants, clientIds }: { mutants: readonly Mutant[]; clientIds: Set<unknown> },
) {
  const refused: SentFrame[] = [];
  const taken: Array<SentFrame & { fields: Fields }> = [];
  for (const { what, text } of mutants) {
    const fields = readAs(text);
    if (fields === undefined || !stage.accepts(fields)) refused.push({ what, data: text });
    else {
      const id = stage.clientIdOf(fields) ?? undefined;
      if (id === undefined || !clientIds.has(id)) taken.push({ what, data: text, fields });
      clientIds.add(id);
    }
  }
  return { refused, taken };
}

async function connect(open: FuzzStage["connect"], node: 0 | 1): Promise<RawClient> {
  const client = await open(cluster.urls[node]);
  onTestFinished(() => client.close());
  return client;
}

describe.each(FUZZ_SUBJECTS)("bad frames on $name", ({ name, prepare }) => {
  let stage: FuzzStage;
  let turn = 0;
  const clientIds = new Set<unknown>();
  const nextTurn = () => turn++;
  const random = () => new Random(seed).fork(name);

  beforeAll(async () => {
    stage = await prepare(cluster.urls);
  });

  /** Sends what must be refused: each is, once, and nothing is stored. */
  async function refuseAll(client: RawClient, frames: readonly SentFrame[], token = stage.token) {
    const before = await stored.digest();
    expect(await refusalFaults(client, { frames, stage, token }), under).toEqual([]);
    expect(await stored.digest(), under).toEqual(before);
  }

  /** Sends what must be taken: each is, and is stored once. */
  async function takeAll(client: RawClient, frames: ReadonlyArray<SentFrame & { fields: Fields }>) {
    const messages = frames.filter(({ fields }) => stage.effectOf(fields) === "message").length;
    const before = await stored.countMessages();
    expect(await takingFaults(client, { frames, stage, token: stage.token }), under).toEqual([]);
    expect((await stored.countMessages()) - before, under).toBe(messages);
  }

  /** The good frames still do what they did before. */
  async function isWell(client: RawClient) {
    const frames = stage.frames.map(({ name: what, good }) => {
      const fields = good(nextTurn());
      return { what, data: JSON.stringify(fields), fields };
    });
    const heard = client.heard.length;
    await takeAll(client, frames);
    await until(
      () => client.heard.slice(heard).some(({ type }) => type !== "reauthenticated"),
      "the good frames are answered",
    );
    expect(client.socket.readyState, under).toBe(client.socket.OPEN);
  }

  it("are refused one by one whichever field is wrong, and what is right is taken", async () => {
    const client = await connect(stage.connect, 0);
    await isWell(client);
    const { refused, taken } = sorted(stage, { mutants: systematicFrames(stage, nextTurn), clientIds });
    expect(Math.min(refused.length, taken.length)).toBeGreaterThan(stage.frames.length);
    await refuseAll(client, refused);
    await takeAll(client, taken);
    await isWell(client);
  });

  it("are refused when they make no sense at all", async () => {
    const client = await connect(stage.connect, 1);
    const parts = {
      random: random(),
      values: hostileValues(stage.foreignIds),
      goods: stage.frames.map(
        ({ good }) =>
          () =>
            good(nextTurn()),
      ),
    };
    const frames = Array.from({ length: RANDOM_FRAMES }, () => randomFrame(parts));
    const mutants = frames.map(({ what, text }, index) => ({ what: `random frame ${index}, ${what}`, text }));
    const { refused, taken } = sorted(stage, { mutants, clientIds });
    expect(refused.length).toBeGreaterThan(RANDOM_FRAMES / 2);
    await refuseAll(client, refused);
    expect(await takingFaults(client, { frames: taken, stage, token: stage.token }), under).toEqual([]);
    await isWell(client);
  });

  it("are refused when they are no objects of JSON, too large or binary", async () => {
    const client = await connect(stage.connect, 0);
    const good = () => JSON.stringify(stage.frames.at(-1)?.good(nextTurn()));
    await refuseAll(client, brokenFrames(random(), good()));
    // Up to the limit they are taken.
    const largest = padded(good(), 65_536);
    await takeAll(client, [{ what: "as large as may be", data: largest, fields: readAs(largest) ?? {} }]);
    await isWell(client);
  });

  it("are refused in pieces as they are in one", async () => {
    const client = await connect(stage.connect, 1);
    const good = JSON.stringify(stage.frames.at(-1)?.good(nextTurn()));
    const before = await stored.countMessages();
    const inPieces = (text: string) => {
      for (const letter of text) client.socket.send(letter, { fin: false });
      // Between the pieces of a frame stand control frames.
      client.socket.ping();
      client.socket.send("", { fin: true });
    };
    inPieces('{"type":');
    await client.hear(({ type }) => type === "error");
    inPieces(good);
    await until(async () => (await stored.countMessages()) === before + 1, "the good one is stored");
    await isWell(client);
  });

  it("are refused when they bring somebody else's token, or none", async () => {
    const client = await connect(stage.connect, 0);
    const tokens = [
      stage.foreignToken,
      "",
      "x",
      null,
      5,
      true,
      [],
      {},
      [stage.token],
      { token: stage.token },
    ];
    const frames = [{}, ...tokens.map((token) => ({ token }))].map((more) => ({
      what: "reauthenticate",
      data: JSON.stringify({ type: "reauthenticate", ...more }),
    }));
    await refuseAll(client, frames);
    await isWell(client);
  });

  it("are refused from those who have no part in the chat", async () => {
    const outsider = await connect(stage.connectOutsider, 1);
    const frames = stage.outsiderFrames.map((frame) => ({
      what: "of an outsider",
      data: JSON.stringify(frame),
    }));
    await refuseAll(outsider, frames, stage.outsiderToken);
    expect(outsider.socket.readyState, under).toBe(outsider.socket.OPEN);
  });
});

it("no node has failed unexpectedly, and all still run", () => {
  expect(nodeFaults(cluster), under).toEqual([]);
  expect(cluster.nodes.map(({ pid }) => pid)).toEqual(pids);
});
