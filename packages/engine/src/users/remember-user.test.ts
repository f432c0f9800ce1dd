import type { Identity } from "@parley/contracts";
import { createTestDatabase, type TestDatabase, until } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Engine } from "../engine.js";
import { closeEngine, openEngine } from "../open-engine.js";
import { findPeople } from "./find-people.js";
import { rememberUser } from "./remember-user.js";

let database: TestDatabase;
let engine: Engine;
let now = new Date("2030-01-01T10:00:00Z");

beforeAll(async () => {
  database = await createTestDatabase();
  engine = openNode();
});

function openNode(): Engine {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return openEngine({ databaseUrl: database.url, publish: () => undefined, log, clock: () => now });
}

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

it("the directory says on which day somebody was last here, and is written once a day", async () => {
  const seen = async (at: string) => {
    now = new Date(at);
    await rememberUser(engine, { userId: "ana", role: "user", name: "Ana" });
    const { updatedAt } = await engine.database.prisma.user.findUniqueOrThrow({ where: { id: "ana" } });
    return updatedAt.toISOString().slice(0, 16);
  };
  await seen("2029-12-31T09:00:00Z");
  expect(await seen("2030-01-01T10:00:00Z")).toBe("2030-01-01T10:00");
  expect(await seen("2030-01-01T23:59:00Z")).toBe("2030-01-01T10:00");
  expect(await seen("2030-01-02T00:01:00Z")).toBe("2030-01-02T00:01");
});

it("a role that nobody has said leaves the one that somebody said as it is", async () => {
  const roleOf = async () => (await engine.database.prisma.user.findUnique({ where: { id: "cyd" } }))?.role;
  const visit = { userId: "cyd", role: "user", isRoleAssumed: true } as const;
  await rememberUser(engine, { ...visit, name: "Cyd" });
  expect(await roleOf()).toBe("user");
  await rememberUser(engine, { userId: "cyd", role: "admin" });
  await rememberUser(engine, { ...visit, name: "Cyd of the rooms" });
  expect(await engine.database.prisma.user.findUnique({ where: { id: "cyd" } })).toMatchObject({
    role: "admin",
    name: "Cyd of the rooms",
  });
  await rememberUser(engine, { userId: "cyd", role: "user" });
  expect(await roleOf()).toBe("user");
});

describe("what was said later", () => {
  const known = (id: string) =>
    engine.database.prisma.user.findUniqueOrThrow({
      where: { id },
      select: { name: true, email: true, picture: true, role: true },
    });
  const token = (userId: string, issuedAt: number, said: Partial<Identity> = {}) => ({
    userId,
    role: "user",
    issuedAt,
    ...said,
  });
  const fresh = (): Engine => {
    const node = openNode();
    onTestFinished(() => closeEngine(node));
    return node;
  };

  it("stays when something older is written after it, on whichever node; what it left out is filled in", async () => {
    const [newer, older] = [
      token("dee", 200, { name: "Dee", role: "admin", picture: "https://p.example/d.png" }),
      token("dee", 100, { name: "Deirdre", role: "shopper", email: "dee@p.example" }),
    ];
    await rememberUser(fresh(), newer);
    for (const node of [fresh(), engine]) {
      await rememberUser(node, older);
      expect(await known("dee")).toEqual({
        name: "Dee",
        role: "admin",
        picture: "https://p.example/d.png",
        email: "dee@p.example",
      });
    }
    await rememberUser(fresh(), token("dee", 200, { name: "Dee D.", role: "user" }));
    expect(await known("dee")).toMatchObject({ name: "Dee D.", role: "user" });
  });

  it("stays when it was said before already, and something from between the two is written after it", async () => {
    for (const issuedAt of [100, 300]) await rememberUser(engine, token("hal", issuedAt, { name: "Hal" }));
    const between = token("hal", 200, { name: "Hank", role: "admin" });
    await rememberUser(fresh(), between);
    expect(await known("hal")).toMatchObject({ name: "Hal", role: "user" });
  });

  it("stays in one process, too, which is not asked to write what is older", async () => {
    await rememberUser(engine, token("eli", 200, { name: "Eli" }));
    const before = engine.database.counts.statements;
    await rememberUser(engine, token("eli", 100, { name: "Elias" }));
    expect(engine.database.counts.statements).toBe(before);
    expect((await findPeople(engine, ["eli"])).get("eli")?.name).toBe("Eli");
    // That they were here on another day is told by any token.
    now = new Date(now.getTime() + 24 * 3_600_000);
    await rememberUser(engine, token("eli", 100, { name: "Elias" }));
    const { name, updatedAt } = await engine.database.prisma.user.findUniqueOrThrow({ where: { id: "eli" } });
    expect([name, updatedAt]).toEqual(["Eli", now]);
  });

  it("is written last when both are written at the same time", async () => {
    await engine.database.prisma.user.create({ data: { id: "fay", role: "user" } });
    const writing = await engine.database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT 1 FROM users WHERE id = 'fay' FOR UPDATE`;
      // The same second: only the order tells them apart.
      const names = Array.from({ length: 5 }, (_, turn) => `Fay ${turn}`);
      const before = engine.database.counts.statements;
      const done = names.map((name) => rememberUser(engine, token("fay", 100, { name })));
      await until(() => engine.database.counts.statements > before, "the first one is being written");
      expect(engine.database.counts.statements).toBe(before + 1);
      return { done };
    });
    await Promise.all(writing.done);
    expect((await known("fay")).name).toBe("Fay 4");
  });

  it("is what a gateway says now, but for the role, and not what a clock that is ahead has said", async () => {
    const role = "admin";
    await rememberUser(engine, token("gus", 100, { name: "Gus", role }));
    const visit = { ...token("gus", 300, { name: "Gus of the rooms" }), isRoleAssumed: true } as const;
    await rememberUser(engine, visit);
    await rememberUser(engine, token("gus", 200, { name: "Gustav", role: "shopper" }));
    expect(await known("gus")).toMatchObject({ name: "Gus of the rooms", role: "shopper" });
    const ahead = now.getTime() / 1_000 + 900;
    await rememberUser(engine, token("gus", ahead, { name: "Gus of tomorrow" }));
    now = new Date(now.getTime() + 1_000);
    await rememberUser(engine, { userId: "gus", role: "user", name: "Gus of today" });
    expect((await known("gus")).name).toBe("Gus of today");
  });

  it("is what a gateway says again, once a token has said something else", async () => {
    const nameAfter = async (said: Identity) => {
      now = new Date(now.getTime() + 10_000);
      await rememberUser(engine, said);
      return (await known("ivo")).name;
    };
    const visit = { userId: "ivo", role: "user", isRoleAssumed: true, name: "Ivo of the rooms" } as const;
    expect(await nameAfter(visit)).toBe("Ivo of the rooms");
    const issuedAt = now.getTime() / 1_000 + 5;
    const said = token("ivo", issuedAt, { name: "Ivo", role: "admin" });
    expect(await nameAfter(said)).toBe("Ivo");
    expect(await nameAfter(visit)).toBe("Ivo of the rooms");
    const before = engine.database.counts.statements;
    for (const again of [said, visit, said]) await rememberUser(engine, again);
    expect(engine.database.counts.statements).toBe(before);
    expect(await known("ivo")).toMatchObject({ name: "Ivo of the rooms", role: "admin" });
  });

  it("is known also of a token whose time of issue is no time", async () => {
    await rememberUser(engine, token("jan", -1e300, { name: "Jan" }));
    expect((await known("jan")).name).toBe("Jan");
  });
});

it("who asks for the same again waits until it is written", async () => {
  const identity = { userId: "ben", role: "user", email: "ben@p.example" };
  void rememberUser(engine, identity);
  await rememberUser(engine, identity);
  expect(await engine.database.prisma.user.findUnique({ where: { id: "ben" } })).toMatchObject({
    email: "ben@p.example",
  });
});
