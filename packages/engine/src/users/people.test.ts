import { createTestDatabase, type TestDatabase } from "@parley/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine.js";
import { closeEngine, openEngine } from "../open-engine.js";
import { findPeople } from "./find-people.js";
import { type DirectoryPerson, People } from "./people.js";
import { rememberUser } from "./remember-user.js";
import { resolvePerson } from "./resolve-person.js";
import type { SourceAnswer, UserSource } from "./user-source.js";

const START = Date.parse("2030-01-01T10:00:00Z");

let database: TestDatabase;
let engine: Engine;
let now: number;
let names = 0;
const open: Engine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

beforeEach(() => {
  now = START;
  engine = openNode();
});

afterEach(async () => {
  for (const one of open.splice(0)) await closeEngine(one);
});

afterAll(() => database.drop());

describe("without a main server", () => {
  it("people are who their tokens say, e-mail and picture included", async () => {
    const userId = someone();
    const picture = "https://p.example/ana.png";
    await rememberUser(engine, { userId, role: "user", name: "Ana", email: "ana@p.example", picture });
    const ana = { id: userId, name: "Ana", email: "ana@p.example", picture };
    expect(await find(userId)).toEqual(ana);
    expect(await find(userId, openNode())).toEqual(ana);
  });

  it("there is somebody for each id, once, known or not", async () => {
    const [known, unknown] = [someone(), someone()];
    await rememberUser(engine, { userId: known, role: "user", name: "Ana" });
    const people = await findPeople(engine, [known, unknown, known, unknown]);
    expect([...people.keys()].sort()).toEqual([known, unknown].sort());
    expect(people.get(unknown)).toEqual({ id: unknown, name: null, email: null, picture: null });
    expect(await findPeople(engine, [])).toEqual(new Map());
  });

  it("nobody can be asked whether somebody exists", async () => {
    const userId = someone();
    await rememberUser(engine, { userId, role: "user", name: "Ana" });
    expect(await resolvePerson(engine, userId)).toMatchObject({ known: "unsure", person: { name: "Ana" } });
  });
});

describe("what is remembered", () => {
  it("serves for half a minute without a statement, and what other nodes wrote is seen after it", async () => {
    const userId = someone();
    const other = openNode();
    await rememberUser(engine, { userId, role: "user", name: "Ana" });
    await find(userId);
    await rememberUser(other, { userId, role: "user", name: "Anna" });
    const before = engine.database.counts.statements;
    now += 29_000;
    expect((await find(userId)).name).toBe("Ana");
    expect(engine.database.counts.statements).toBe(before);
    now += 2_000;
    expect((await find(userId)).name).toBe("Anna");
    expect(engine.database.counts.statements).toBe(before + 1);
  });

  it("is read once for all who ask at the same time", async () => {
    const ids = [someone(), someone(), someone()];
    const before = engine.database.counts.statements;
    await Promise.all([findPeople(engine, ids), findPeople(engine, ids), findPeople(engine, ids.slice(1))]);
    expect(engine.database.counts.statements).toBe(before + 1);
  });

  it("is bounded", async () => {
    const first = someone();
    await find(first);
    await findPeople(
      engine,
      Array.from({ length: 10_000 }, () => someone()),
    );
    const before = engine.database.counts.statements;
    await find(first);
    expect(engine.database.counts.statements).toBe(before + 1);
  });

  it("gives way to what this process writes, even before it is written", async () => {
    const userId = someone();
    await find(userId);
    const writing = rememberUser(engine, { userId, role: "user", name: "Ana" });
    expect((await find(userId)).name).toBe("Ana");
    await writing;
    const renaming = rememberUser(engine, { userId, role: "user", name: "Anna" });
    expect((await find(userId)).name).toBe("Anna");
    await renaming;
    expect((await find(userId)).name).toBe("Anna");
  });

  it.each([
    ["before a write, and ends in it", 1, 2],
    ["before a write, and ends after it", 1, 3],
    ["in a write, and ends after it", 2, 3],
  ])("is not spoilt by a read that begins %s", async (_when, begins, ends) => {
    let stored = { name: "Ana" };
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const readClaims = async () => {
      const read = new Map([["ana", stored]]);
      await gate;
      return read;
    };
    const people = new People({ readClaims, source: undefined, log, clock: () => new Date(now) });
    const reads: Promise<unknown>[] = [];
    const step = async (number: number) => {
      if (number === begins) reads.push(people.find(["ana"]));
      if (number === ends) release();
      if (number === ends) await Promise.all(reads);
    };
    await step(1);
    const settle = people.note("ana", { name: "Anna" });
    await step(2);
    stored = { name: "Anna" };
    settle();
    await step(3);
    expect((await people.find(["ana"])).get("ana")?.name).toBe("Anna");
  });
});

describe("a database that does not answer", () => {
  it("costs names, and only those that are not known", async () => {
    const [known, unknown] = [someone(), someone()];
    await rememberUser(engine, { userId: known, role: "user", name: "Ana" });
    await find(known);
    now += 31_000;
    await engine.database.pool.end();
    expect((await find(known)).name).toBe("Ana");
    expect((await find(unknown)).name).toBeNull();
  });

  it("is left alone for a second", async () => {
    const warnings: string[] = [];
    const node = openNode(undefined, (message) => warnings.push(message));
    await node.database.pool.end();
    await find(someone(), node);
    await find(someone(), node);
    expect(warnings).toHaveLength(1);
    now += 1_001;
    await find(someone(), node);
    expect(warnings).toHaveLength(2);
  });
});

describe("a main server", () => {
  it("knows better than a token, where it says something", async () => {
    const userId = someone();
    const node = openNode(fakeSource({ [userId]: { known: "yes", name: "Ana M.", picture: null } }));
    const picture = "https://p.example/ana.png";
    await rememberUser(node, { userId, role: "user", name: "Ana", email: "a@p.example", picture });
    expect(await find(userId, node)).toEqual({ id: userId, name: "Ana M.", email: "a@p.example", picture });
  });

  it("says whether somebody exists", async () => {
    const [yes, no, unsure] = [someone(), someone(), someone()];
    const node = openNode(
      fakeSource({
        [yes]: { known: "yes", name: "Ana", picture: "/a.png" },
        [no]: { known: "no" },
        [unsure]: { known: "unsure" },
      }),
    );
    const ana = { id: yes, name: "Ana", email: null, picture: "/a.png" };
    expect(await resolvePerson(node, yes)).toEqual({ known: "yes", person: ana });
    expect(await resolvePerson(node, no)).toEqual({ known: "no" });
    expect(await resolvePerson(node, unsure)).toMatchObject({ known: "unsure", person: { name: null } });
  });

  it("that answers later is heard at once", async () => {
    const userId = someone();
    const answers: Record<string, SourceAnswer> = {};
    const source = fakeSource(answers);
    const node = openNode(source);
    expect((await find(userId, node)).name).toBeNull();
    answers[userId] = { known: "yes", name: "Ana", picture: null };
    expect((await find(userId, node)).name).toBeNull();
    source.tell(userId);
    expect((await find(userId, node)).name).toBe("Ana");
  });

  it("that has not answered is asked again after 5 s, and at once by who has patience for it", async () => {
    const userId = someone();
    const source = fakeSource({});
    const node = openNode(source);
    await find(userId, node);
    await find(userId, node);
    expect(source.asked).toEqual([[userId, 0]]);
    now += 5_001;
    await find(userId, node);
    await findPeople(node, [userId], { patienceMs: 300 });
    expect(source.asked.slice(1)).toEqual([
      [userId, 0],
      [userId, 300],
    ]);
  });

  it("whose client is broken costs its answers and nothing else", async () => {
    const userId = someone();
    const fail = () => Promise.reject(new Error("broken"));
    const node = openNode({ atHand: fail, ask: fail, onNews: () => undefined });
    await rememberUser(node, { userId, role: "user", name: "Ana" });
    expect((await find(userId, node)).name).toBe("Ana");
    expect(await resolvePerson(node, userId)).toMatchObject({ known: "unsure", person: { name: "Ana" } });
  });
});

function someone(): string {
  return `person-${++names}`;
}

function openNode(userSource?: UserSource, warn: (message: string) => void = () => undefined): Engine {
  const log = {
    info: () => undefined,
    warn: (_: object, message: string) => warn(message),
    error: () => undefined,
  };
  const clock = () => new Date(now);
  const node = openEngine({ databaseUrl: database.url, publish: () => undefined, log, clock, userSource });
  open.push(node);
  return node;
}

async function find(userId: string, node = engine): Promise<DirectoryPerson> {
  const person = (await findPeople(node, [userId])).get(userId);
  if (person === undefined) throw new Error(`There is nobody for ${userId}.`);
  return person;
}

function fakeSource(answers: Record<string, SourceAnswer>) {
  const asked: Array<[string, number]> = [];
  let listener = (_userId: string): void => undefined;
  return {
    asked,
    tell: (userId: string) => listener(userId),
    atHand: async (userIds: readonly string[], patienceMs: number) => {
      for (const id of userIds) asked.push([id, patienceMs]);
      return new Map(userIds.flatMap((id) => (answers[id] ? [[id, answers[id]] as const] : [])));
    },
    ask: async (userId: string): Promise<SourceAnswer> => answers[userId] ?? { known: "unsure" },
    onNews: (heard: (userId: string) => void) => {
      listener = heard;
    },
  };
}
