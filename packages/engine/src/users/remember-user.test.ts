import { createTestDatabase, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../engine.js";
import { closeEngine, openEngine } from "../open-engine.js";
import { rememberUser } from "./remember-user.js";

let database: TestDatabase;
let engine: Engine;
let now = new Date("2030-01-01T10:00:00Z");

beforeAll(async () => {
  database = await createTestDatabase();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  engine = openEngine({ databaseUrl: database.url, publish: () => undefined, log, clock: () => now });
});

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

it("who asks for the same again waits until it is written", async () => {
  const identity = { userId: "ben", role: "user", email: "ben@p.example" };
  void rememberUser(engine, identity);
  await rememberUser(engine, identity);
  expect(await engine.database.prisma.user.findUnique({ where: { id: "ben" } })).toMatchObject({
    email: "ben@p.example",
  });
});
