import { randomUUID } from "node:crypto";
import { type MainServer, startMainServer, startTcpProxy, testRedisUrl, until } from "@parley/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  openTestDirectory,
  type TestDirectory,
  type TestDirectoryOptions,
} from "../testing/open-test-directory.js";

const MINUTE = 60_000;
const ANA = { account: "ana", nickname: "Ana", avatar: "https://p.example/ana.png" };
const ANSWER = { known: "yes", name: "Ana", picture: "https://p.example/ana.png" };

let server: MainServer;
let prefix: string;
let now: number;
let node: TestDirectory;
const nodes: TestDirectory[] = [];

beforeEach(async () => {
  server = await startMainServer();
  server.users.set("ana", ANA);
  prefix = `test-${randomUUID()}`;
  now = Date.parse("2030-01-01T10:00:00Z");
  node = await openNode();
});

afterEach(async () => {
  for (const one of nodes.splice(0)) one.close();
  await server.stop();
});

describe("the main server", () => {
  test("tells who somebody is, and who is nobody", async () => {
    expect(await node.directory.ask("ana")).toEqual(ANSWER);
    expect(await node.directory.ask("bob")).toEqual({ known: "no" });
    expect(await node.results()).toEqual({ known: 1, unknown: 1 });
  });

  test("may live below a path, with a slash at its end or without", async () => {
    const below = await openNode({ url: `${server.url}/` });
    expect(await below.directory.ask("ana")).toEqual(ANSWER);
  });

  test.each([
    ["a/b?c#d", "a%2Fb%3Fc%23d"],
    ["../admin", "..%2Fadmin"],
    ["김 민지", "%EA%B9%80%20%EB%AF%BC%EC%A7%80"],
    ["%2e", "%252e"],
  ])("is asked about %s by an encoded path", async (account, path) => {
    server.users.set(account, { account, nickname: "X" });
    expect(await node.directory.ask(account)).toMatchObject({ known: "yes", name: "X" });
    expect(server.asked).toEqual([path]);
  });

  test.each([".", "..", "", "\ud800"])("is not asked about %j, which is nobody", async (account) => {
    expect(await node.directory.ask(account)).toEqual({ known: "no" });
    expect(await node.directory.atHand([account], 0)).toEqual(new Map([[account, { known: "no" }]]));
    expect(server.asked).toEqual([]);
  });

  test("is told the service token, and refuses a wrong one", async () => {
    const stranger = await openNode({ token: "another-token" });
    expect(await stranger.directory.ask("ana")).toEqual({ known: "unsure" });
    expect(await stranger.results()).toEqual({ refused: 1 });
    expect(stranger.logLines.join()).toContain("check USER_DIRECTORY_TOKEN");
    expect(stranger.logLines.join()).not.toContain("another-token");
  });
});

describe("an answer", () => {
  test("holds 10 minutes, for all nodes", async () => {
    await node.directory.ask("ana");
    now += 9 * MINUTE;
    const other = await openNode();
    expect(await other.directory.ask("ana")).toEqual(ANSWER);
    expect(await other.directory.atHand(["ana"], 0)).toEqual(new Map([["ana", ANSWER]]));
    expect([server.asked, await other.results()]).toEqual([["ana"], { cached: 1 }]);
    server.users.set("ana", { ...ANA, nickname: "Anna" });
    now += MINUTE;
    expect(await (await openNode()).directory.ask("ana")).toEqual({ ...ANSWER, name: "Anna" });
  });

  test("holds in the process that got it, without Redis, for half a minute", async () => {
    const alone = await openNode({ redisUrl: "redis://127.0.0.1:1", withoutRedis: true });
    await alone.directory.ask("ana");
    now += 29_000;
    expect(await alone.directory.ask("ana")).toEqual(ANSWER);
    expect(server.asked).toEqual(["ana"]);
    now += 1_000;
    expect(await alone.directory.ask("ana")).toEqual(ANSWER);
    expect(server.asked).toEqual(["ana", "ana"]);
  });

  test("about an unknown account holds one minute: somebody may have signed up", async () => {
    await node.directory.ask("bob");
    server.users.set("bob", { account: "bob", nickname: "Bob" });
    now += 59_000;
    expect(await (await openNode()).directory.ask("bob")).toEqual({ known: "no" });
    now += 1_000;
    expect(await (await openNode()).directory.ask("bob")).toMatchObject({ known: "yes", name: "Bob" });
  });

  test("serves for a day while the main server is down, and is used while a new one is on its way", async () => {
    await node.directory.ask("ana");
    now += 11 * MINUTE;
    server.behave("hangs");
    const waiting = await openNode();
    expect(await waiting.directory.atHand(["ana"], 0)).toEqual(new Map([["ana", ANSWER]]));
    await server.stop();
    now += 23 * 60 * MINUTE;
    const other = await openNode();
    expect(await other.directory.ask("ana")).toEqual(ANSWER);
    expect(await other.results()).toEqual({ unreachable: 1 });
    expect(await node.redis.pttl(`${prefix}:user:ana`)).toBeLessThanOrEqual(24 * 60 * MINUTE);
  });

  test("about an unknown account does not serve while the main server is down", async () => {
    await node.directory.ask("bob");
    await server.stop();
    now += MINUTE;
    expect(await node.directory.ask("bob")).toEqual({ known: "unsure" });
  });
});

describe("names", () => {
  test("are never waited for, and are heard of when they come", async () => {
    const heard: string[] = [];
    node.directory.onNews((account) => heard.push(account));
    server.behave("hangs");
    expect(await node.directory.atHand(["ana", "bob"], 0)).toEqual(new Map());
    await until(() => server.waiting() === 2, "both are asked about");
    server.behave("well");
    await until(() => heard.length === 2, "both answers are told");
    expect(await node.directory.atHand(["ana"], 0)).toEqual(new Map([["ana", ANSWER]]));
  });

  test("are waited for by who has patience, and no longer than that", async () => {
    server.behave("hangs");
    expect(await node.directory.atHand(["ana"], 20)).toEqual(new Map());
    const patient = node.directory.atHand(["ana"], 60_000);
    await until(() => server.waiting() === 1, "ana is asked about");
    server.behave("well");
    expect(await patient).toEqual(new Map([["ana", ANSWER]]));
  });

  test("of very many people are asked for a few at a time", async () => {
    server.behave("hangs");
    const accounts = Array.from({ length: 1_100 }, (_, number) => `account-${number}`);
    await node.directory.atHand(accounts, 0);
    await until(() => server.waiting() === 32, "as many as may be are under way");
    expect(await node.results()).toEqual({ skipped: 1_100 - 1_032 });
    server.behave("well");
    await until(() => server.asked.length > 100, "others have their turn");
  });
});

describe("of one node", () => {
  test("at most one question per account is under way", async () => {
    server.behave("hangs");
    const other = await openNode();
    const asks = [node, node, node, other].map(({ directory }) => directory.ask("ana"));
    await node.directory.atHand(["ana"], 0);
    await until(() => server.waiting() === 2, "one question of each node is under way");
    server.behave("well");
    expect(await Promise.all(asks)).toEqual([ANSWER, ANSWER, ANSWER, ANSWER]);
    // That two nodes had one each shows that the server would have noticed.
    expect([server.asked.length, server.mostAtOnce()]).toEqual([2, 2]);
  });
});

describe("without Redis", () => {
  test("the main server is asked each time", async () => {
    const alone = await openNode({ redisUrl: "redis://127.0.0.1:1", withoutRedis: true });
    expect(await alone.directory.ask("ana")).toEqual(ANSWER);
    expect(await alone.directory.ask("bob")).toEqual({ known: "no" });
  });

  test("that hangs, answers come all the same", async () => {
    const proxy = await startTcpProxy(Number(new URL(testRedisUrl()).port));
    const cut = await openNode({ redisUrl: `redis://127.0.0.1:${proxy.port}`, isHasty: true });
    await node.directory.ask("ana");
    proxy.hang();
    expect(await cut.directory.ask("ana")).toEqual(ANSWER);
    expect(await cut.directory.ask("bob")).toEqual({ known: "no" });
    expect(await cut.results()).toEqual({ known: 1, unknown: 1 });
    cut.close();
    await proxy.stop();
  });
});

async function openNode(options: Partial<TestDirectoryOptions> = {}): Promise<TestDirectory> {
  const { url, token } = server;
  const opened = await openTestDirectory({
    url,
    token,
    prefix,
    redisUrl: testRedisUrl(),
    clock: () => now,
    ...options,
  });
  nodes.push(opened);
  return opened;
}
