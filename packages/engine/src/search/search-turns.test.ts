import { expect, it } from "vitest";
import { SearchTurns } from "./search-turns.js";

/** Searches that last until they are let go, in the order in which they began. */
function openTurns() {
  const turns = new SearchTurns();
  const begun: Array<{ userId: string; end: () => void }> = [];
  const ask = (userId: string) =>
    turns.take(userId, () => new Promise<void>((end) => begun.push({ userId, end })));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const endNext = async () => {
    begun.shift()?.end();
    await settle();
  };
  return { ask, begun, settle, endNext, running: () => begun.map(({ userId }) => userId) };
}

it("lets one person take neither all turns nor all places to wait", async () => {
  const { ask, settle, endNext, running } = openTurns();
  const asked = Array.from({ length: 6 }, () => ask("ana"));
  await settle();
  expect(running()).toEqual(["ana", "ana"]);
  await expect(ask("ana")).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 1_000 });
  asked.push(ask("bob"), ask("bob"), ask("bob"));
  await settle();
  expect(running()).toEqual(["ana", "ana", "bob", "bob"]);
  await endNext();
  // Ana's next one, who has waited longest.
  expect(running()).toEqual(["ana", "bob", "bob", "ana"]);
  asked.push(ask("ana"));
  for (let left = asked.length; left > 0; left--) await endNext();
  await Promise.all(asked);
  expect(running()).toEqual([]);
});

it("lets others wait behind somebody, until all places are taken", async () => {
  const { ask, settle, endNext, running } = openTurns();
  const people = Array.from({ length: 44 }, (_, place) => `person-${place}`);
  const asked = people.map(ask);
  await settle();
  expect(running()).toEqual(people.slice(0, 4));
  await expect(ask("late")).rejects.toMatchObject({ code: "overloaded" });
  for (const _ of people) await endNext();
  await Promise.all(asked);
});

it("gives a turn back when a search fails", async () => {
  const turns = new SearchTurns();
  for (let place = 0; place < 10; place++)
    await expect(turns.take("ana", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await turns.take("ana", async () => "found")).toBe("found");
});
