import { type MainServer, type MainServerMood, startMainServer, testRedisUrl, until } from "@parley/testing";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { openTestDirectory, type TestDirectory } from "../testing/open-test-directory.js";

let server: MainServer;
let now: number;
let node: TestDirectory;

beforeEach(async () => {
  server = await startMainServer();
  for (const account of ["ana", "ben", "cid", "dan", "eve"]) {
    server.users.set(account, { account, nickname: account.toUpperCase() });
  }
  now = Date.parse("2030-01-01T10:00:00Z");
  node = await openNode(60_000);
});

afterEach(async () => {
  node.close();
  await server.stop();
});

describe("a main server that", () => {
  test.each<[MainServerMood, string]>([
    ["hangs", "timeout"],
    ["drips", "timeout"],
    ["fails", "failed"],
    ["refuses", "refused"],
    ["babbles", "malformed"],
    ["floods", "malformed"],
    ["redirects", "malformed"],
  ])("%s can't be asked, and is let go of", async (mood, result) => {
    const deadlines = holdDeadlines();
    server.behave(mood);
    const asking = node.directory.ask("ana");
    if (result === "timeout") {
      await until(() => server.asked.length === 1, "it is asked");
      deadlines.shift()?.();
    }
    expect(await asking).toEqual({ known: "unsure" });
    await until(async () => (await node.results())[result] === 1, "the reason is counted");
    // A redirection would have led to the same server.
    expect(server.asked).toEqual(["ana"]);
    await until(() => server.waiting() === 0, "the connection is closed");
  });

  test("is gone can't be asked", async () => {
    await server.stop();
    expect(await node.directory.ask("ana")).toEqual({ known: "unsure" });
    expect(await node.results()).toEqual({ unreachable: 1 });
  });

  test.each<[string, unknown]>([
    ["another account", { account: "ben", nickname: "Ben" }],
    ["no account", { nickname: "Ana" }],
    ["a list", [{ account: "ana" }]],
    ["null", null],
    ["too much", { account: "ana", filler: "x".repeat(64 * 1024) }],
  ])("tells of %s says nothing about this one", async (_what, answer) => {
    server.users.set("ana", answer as never);
    expect(await node.directory.ask("ana")).toMatchObject({ known: answer === null ? "no" : "unsure" });
  });

  test("tells much is heard up to 64 KiB", async () => {
    server.users.set("ana", { account: "ana", nickname: "Ana", filler: "x".repeat(63 * 1024) } as never);
    expect(await node.directory.ask("ana")).toMatchObject({ known: "yes", name: "Ana" });
  });

  test("failed about somebody is waited for once, and asked about them again after 5 s", async () => {
    server.behave("fails");
    await node.directory.ask("ana");
    server.behave("hangs");
    expect(await node.directory.ask("ana")).toEqual({ known: "unsure" });
    expect(server.asked).toEqual(["ana"]);
    server.behave("well");
    now += 5_000;
    expect(await node.directory.ask("ana")).toMatchObject({ known: "yes" });
  });
});

describe("a main server that failed three times in a row", () => {
  beforeEach(async () => {
    server.behave("fails");
    for (const account of ["ana", "ben", "cid"]) await node.directory.ask(account);
    server.behave("hangs");
  });

  test("is not asked any more, so that nobody waits for it", async () => {
    expect(await node.isUp()).toBe(false);
    expect(await node.directory.ask("dan")).toEqual({ known: "unsure" });
    expect(await node.directory.atHand(["dan"], 60_000)).toEqual(new Map());
    expect([server.asked.length, await node.results()]).toEqual([3, { failed: 3, skipped: 2 }]);
  });

  test("is tried once after 5 s, without anybody waiting, and asked by all when it answers", async () => {
    now += 5_000;
    expect(await node.directory.ask("dan")).toEqual({ known: "unsure" });
    expect(await node.directory.ask("dan")).toEqual({ known: "unsure" });
    expect(await node.directory.ask("eve")).toEqual({ known: "unsure" });
    expect(await node.results()).toEqual({ failed: 3, skipped: 1 });
    await until(() => server.waiting() === 1, "one trial is under way");
    expect(server.asked.length).toBe(4);
    server.behave("well");
    await until(() => node.isUp(), "the trial has ended well");
    expect(await node.directory.ask("eve")).toMatchObject({ known: "yes", name: "EVE" });
    expect(node.logLines.join()).toContain("the main server answers again");
  });

  test("rests for 5 s more when the trial fails", async () => {
    now += 5_000;
    server.behave("fails");
    await node.directory.ask("dan");
    await until(async () => (await node.results()).failed === 4, "the trial has failed");
    now += 4_999;
    await node.directory.ask("eve");
    expect(server.asked.length).toBe(4);
    now += 1;
    await node.directory.ask("eve");
    await until(() => server.asked.length === 5, "it is tried again");
  });

  test("is complained about once a minute", async () => {
    const complaints = () => node.logLines.filter((line) => line.includes("did not say who somebody is"));
    expect(complaints()).toHaveLength(1);
    expect(node.logLines.filter((line) => line.includes("in trouble"))).toHaveLength(1);
    server.behave("fails");
    now += 60_000;
    await node.directory.ask("dan");
    await until(() => complaints().length === 2, "the trial of a minute later is logged");
  });
});

describe("a main server that", () => {
  test("failed, but not three times in a row, goes on being asked", async () => {
    for (const account of ["ana", "ben"]) {
      server.behave("fails");
      await node.directory.ask(account);
    }
    server.behave("well");
    await node.directory.ask("cid");
    server.behave("fails");
    await node.directory.ask("dan");
    server.behave("well");
    expect(await node.directory.ask("eve")).toMatchObject({ known: "yes" });
  });

  test("answers nonsense goes on being asked: it costs nobody any time", async () => {
    server.behave("babbles");
    for (const account of ["ana", "ben", "cid", "dan"]) await node.directory.ask(account);
    server.behave("well");
    expect(await node.directory.ask("eve")).toMatchObject({ known: "yes" });
  });

  test("breaks down is spared those who wait for their turn", async () => {
    server.behave("hangs");
    await node.directory.atHand(
      Array.from({ length: 100 }, (_, number) => `account-${number}`),
      0,
    );
    await until(() => server.waiting() === 32, "as many as may be are under way");
    server.behave("fails");
    const judged = async () => {
      const { failed = 0, skipped = 0 } = await node.results();
      return failed + skipped === 100;
    };
    await until(judged, "nobody waits any more");
    // The first failures let others in, before it was known to be broken.
    expect(server.asked.length).toBeLessThan(40);
  });

  test("is slow to those who wait for a turn is waited for no longer than once", async () => {
    node.close();
    node = await openNode(100);
    const deadlines = holdDeadlines();
    server.behave("hangs");
    const accounts = Array.from({ length: 32 }, (_, number) => `account-${number}`);
    const asks = accounts.map((account) => node.directory.ask(account));
    await until(() => server.waiting() === 32, "as many as may be are under way");
    const asking = node.directory.ask("eve");
    deadlines.shift()?.();
    await until(() => server.asked.includes("eve"), "her turn has come");
    expect(await asking).toEqual({ known: "unsure" });
    // That of eve, which began when another had ended, is not over yet.
    expect(await node.results()).toEqual({ timeout: 1 });
    await Promise.all(asks);
  });
});

/** Requests end by their deadlines when it is said, and not before they have reached the server. */
function holdDeadlines(): Array<() => void> {
  const deadlines: Array<() => void> = [];
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
    const ending = new AbortController();
    deadlines.push(() => ending.abort());
    return ending.signal;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return deadlines;
}

function openNode(timeoutMs: number): Promise<TestDirectory> {
  const { url, token } = server;
  return openTestDirectory({ url, token, redisUrl: testRedisUrl(), clock: () => now, timeoutMs });
}
