import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Typing } from "./typing.js";

const ann = { actor: { userId: "ann", role: "user" }, chatId: "chat" };
const ended: string[] = [];
let typing: Typing;
let told: number;

beforeEach(() => {
  vi.useFakeTimers();
  ended.length = 0;
  told = 0;
  typing = new Typing({ timeoutMs: 7_000, onExpired: ({ actor }) => void ended.push(actor.userId) });
});

afterEach(() => {
  typing.close();
  vi.useRealTimers();
});

async function start(connection: string, typist = ann): Promise<void> {
  await typing.announce(typist, async () => void told++);
  typing.start(connection, typist);
}

it("tells the others once in two seconds, however often a start comes, and refreshes all the same", async () => {
  for (let ms = 0; ms < 10_000; ms += 100) {
    await start("1");
    vi.advanceTimersByTime(100);
  }
  expect(told).toBe(5);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(7_000);
  expect(ended).toEqual(["ann"]);
});

it("counts a user's connections together, and each chat and each user by itself", async () => {
  await Promise.all([start("1"), start("2"), start("1")]);
  expect(told).toBe(1);
  await start("1", { ...ann, chatId: "other" });
  await start("3", { ...ann, actor: { userId: "ben", role: "user" } });
  expect(told).toBe(3);
});

it("tells a start at once that follows a stop, the end of the connection, or silence", async () => {
  await start("1");
  expect(typing.stop("1", ann)).toBe(true);
  expect(typing.stop("1", ann)).toBe(false);
  await start("1");
  expect(told).toBe(2);
  expect(typing.stopAll("1")).toEqual(["chat"]);
  await start("2");
  expect(told).toBe(3);
  const brief = new Typing({ timeoutMs: 500, onExpired: () => undefined });
  const tell = vi.fn(async () => undefined);
  for (let count = 0; count < 2; count++) {
    await brief.announce(ann, tell);
    brief.start("1", ann);
    vi.advanceTimersByTime(500);
  }
  expect(tell).toHaveBeenCalledTimes(2);
  brief.close();
});

it("shares the refusal of a start that others have come behind, and remembers nothing of it", async () => {
  const refuse = () => typing.announce(ann, async () => Promise.reject(new Error("not a member")));
  const results = await Promise.allSettled([refuse(), refuse()]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await start("1");
  expect(told).toBe(1);
});
