import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Typing } from "./typing.js";

const ann = { actor: { userId: "ann", role: "user" }, chatId: "chat" };
const ended: string[] = [];
let typing: Typing;
let told: number;
let stopped: number;

beforeEach(() => {
  vi.useFakeTimers();
  ended.length = 0;
  told = 0;
  stopped = 0;
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

function stop(connection: string, typist = ann): Promise<boolean> {
  return typing.stop(connection, typist, async () => void stopped++);
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

it("tells a start at once that follows silence", async () => {
  const brief = new Typing({ timeoutMs: 500, onExpired: ({ actor }) => void ended.push(actor.userId) });
  const tell = vi.fn(async () => undefined);
  for (let count = 0; count < 2; count++) {
    await brief.announce(ann, tell);
    brief.start("1", ann);
    vi.advanceTimersByTime(2_000);
  }
  expect(tell).toHaveBeenCalledTimes(2);
  expect(ended).toEqual(["ann", "ann"]);
  brief.close();
});

it("tells a stop of what was told, and of nothing else", async () => {
  expect(await stop("1")).toBe(false);
  await start("1");
  expect([await stop("1"), await stop("1")]).toEqual([true, false]);
  expect(stopped).toBe(1);
  expect(typing.stopAll("1")).toEqual([]);
  await start("2", { ...ann, chatId: "other" });
  await start("3", { ...ann, chatId: "other" });
  expect(await stop("3", { ...ann, chatId: "other" })).toBe(true);
  vi.advanceTimersByTime(10_000);
  expect(ended).toEqual([]);
});

it("tells of one who starts and stops all the time once in two seconds", async () => {
  for (let ms = 0; ms < 10_000; ms += 100) {
    await start("1");
    await stop("1");
    await vi.advanceTimersByTimeAsync(100);
  }
  expect([told, stopped]).toEqual([5, 5]);
});

it("tells of a start that came too soon after a stop a little later, unless it is over by then", async () => {
  await start("1");
  await stop("1");
  await start("1");
  await vi.advanceTimersByTimeAsync(1_900);
  expect(told).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(told).toBe(2);
  expect(await stop("1")).toBe(true);
  await start("1");
  expect(await stop("1")).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([told, stopped]).toEqual([2, 2]);
});

it("says which chats are to be told when a connection is over, after which nothing more comes of it", async () => {
  await start("1");
  await start("1", { ...ann, chatId: "other" });
  await stop("1", { ...ann, chatId: "other" });
  await start("1", { ...ann, chatId: "other" });
  expect(typing.stopAll("1")).toEqual(["chat"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([told, ended]).toEqual([2, []]);
});

it("tells a stop after the start that it ends, however long that takes", async () => {
  const order: string[] = [];
  let finish: () => void = () => undefined;
  const telling = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const starting = typing.announce(ann, () => telling.then(() => void order.push("start")));
  const stopping = typing.stop("1", ann, async () => void order.push("stop"));
  finish();
  await Promise.all([starting, stopping]);
  expect(order).toEqual(["start", "stop"]);
});

it("tells no stop of a start that was refused meanwhile", async () => {
  let refuse: (error: Error) => void = () => undefined;
  const telling = new Promise<void>((_, reject) => {
    refuse = reject;
  });
  const starting = typing.announce(ann, () => telling);
  const stopping = stop("1");
  refuse(new Error("not a member"));
  await expect(starting).rejects.toThrow("not a member");
  expect(await stopping).toBe(false);
  expect(stopped).toBe(0);
});

it("tells a start that has to wait before it ends by itself, however soon that is", async () => {
  const brief = new Typing({ timeoutMs: 500, onExpired: ({ actor }) => void ended.push(actor.userId) });
  const tell = vi.fn(async () => undefined);
  const type = async () => {
    await brief.announce(ann, tell);
    brief.start("1", ann);
  };
  await type();
  await vi.advanceTimersByTimeAsync(100);
  await brief.stop("1", ann, tell);
  await type();
  expect(tell).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tell).toHaveBeenCalledTimes(3);
  expect(ended).toEqual(["ann"]);
  brief.close();
});

it("ends a start by itself that is refused to go on", async () => {
  await start("1");
  vi.advanceTimersByTime(3_000);
  const refused = typing.announce(ann, () => Promise.reject(new Error("not a member")));
  await expect(refused).rejects.toThrow("not a member");
  vi.advanceTimersByTime(4_000);
  expect(ended).toEqual(["ann"]);
});

it("remembers nothing of starts that failed one after the other", async () => {
  const failing = () => {
    let fail: () => void = () => undefined;
    const telling = new Promise<void>((_, reject) => {
      fail = () => reject(new Error("away"));
    });
    return { fail, started: expect(typing.announce(ann, () => telling)).rejects.toThrow("away") };
  };
  const first = failing();
  vi.advanceTimersByTime(2_100);
  const second = failing();
  first.fail();
  await first.started;
  second.fail();
  await second.started;
  // Somebody who is seen typing would be told of.
  typing.start("1", ann);
  vi.advanceTimersByTime(7_000);
  expect(ended).toEqual([]);
});

it("does not forget an end that was told while the next start failed", async () => {
  await start("1");
  vi.advanceTimersByTime(6_000);
  let fail: (error: Error) => void = () => undefined;
  const refreshing = typing.announce(ann, () => new Promise((_, reject) => (fail = reject)));
  vi.advanceTimersByTime(1_000);
  expect(ended).toEqual(["ann"]);
  fail(new Error("away"));
  await expect(refreshing).rejects.toThrow("away");
  expect(await stop("1")).toBe(false);
  expect(stopped).toBe(0);
});

it("ends by itself what another connection could not stop", async () => {
  await start("1");
  vi.advanceTimersByTime(6_000);
  let fail: (error: Error) => void = () => undefined;
  const stopping = typing.stop("2", ann, () => new Promise((_, reject) => (fail = reject)));
  await vi.advanceTimersByTimeAsync(1_500);
  fail(new Error("away"));
  await expect(stopping).rejects.toThrow("away");
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(7_000);
  expect(ended).toEqual(["ann"]);
});

it("tells an end whose stop failed after the next start might have been told", async () => {
  await start("1");
  let fail: (error: Error) => void = () => undefined;
  const stopping = typing.stop("1", ann, () => new Promise((_, reject) => (fail = reject)));
  await vi.advanceTimersByTimeAsync(3_000);
  fail(new Error("away"));
  await expect(stopping).rejects.toThrow("away");
  vi.advanceTimersByTime(7_000);
  expect(ended).toEqual(["ann"]);
});

it("ends a start by itself whose stop could not be told", async () => {
  await start("1");
  await expect(typing.stop("1", ann, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  vi.advanceTimersByTime(7_000);
  expect(ended).toEqual(["ann"]);
});

it("shares the refusal of a start that others have come behind, and remembers nothing of it", async () => {
  const refuse = () => typing.announce(ann, async () => Promise.reject(new Error("not a member")));
  const results = await Promise.allSettled([refuse(), refuse()]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await start("1");
  expect(told).toBe(1);
});
