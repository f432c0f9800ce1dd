import { setImmediate as settled } from "node:timers/promises";
import { expect, it } from "vitest";
import { ConnectPace } from "./connect-pace.js";

function storm(count: number, options: { perSecond: number; mostWaiting: number }) {
  const clock = { ms: 0 };
  const pace = new ConnectPace({ ...options, now: () => clock.ms });
  const admitted: number[] = [];
  let refused = 0;
  for (let client = 0; client < count; client++) {
    pace.turn().then(
      () => admitted.push(client),
      () => refused++,
    );
  }
  /** Lets the time pass until then, as the timer would. */
  const at = async (ms: number) => {
    do {
      clock.ms = Math.min(ms, clock.ms + 20);
      pace.release();
    } while (clock.ms < ms);
    await settled();
    return admitted.length;
  };
  return { pace, at, admitted, refused: () => refused };
}

it("lets a first second's worth in at once and the others at the rate, in their order", async () => {
  const { at, admitted, refused } = storm(100, { perSecond: 20, mostWaiting: 1_000 });
  await settled();
  expect(admitted).toHaveLength(20);
  expect(await at(500)).toBe(30);
  expect(await at(1_000)).toBe(40);
  expect(await at(4_000)).toBe(100);
  expect(admitted).toEqual(Array.from({ length: 100 }, (_, client) => client));
  expect(refused()).toBe(0);
});

it("turns away who comes when too many wait", async () => {
  const { pace, at, refused } = storm(100, { perSecond: 10, mostWaiting: 30 });
  expect(pace.waiting).toBe(30);
  await expect(pace.turn()).rejects.toMatchObject({ code: "overloaded" });
  expect(refused()).toBe(60);
  expect(await at(3_000)).toBe(40);
  const next = pace.turn();
  await at(3_200);
  await next;
});

it("does not save up more than a second's worth in quiet times", async () => {
  const { pace, at } = storm(0, { perSecond: 5, mostWaiting: 100 });
  await at(60_000);
  const turns = Array.from({ length: 8 }, () => pace.turn());
  expect(pace.waiting).toBe(3);
  await at(61_000);
  await Promise.all(turns);
});

it("refuses those who wait when it closes, and whoever comes after that", async () => {
  const { pace, at, admitted } = storm(2, { perSecond: 2, mostWaiting: 100 });
  const late = [pace.turn(), pace.turn()];
  pace.close();
  for (const turn of [...late, pace.turn()]) await expect(turn).rejects.toMatchObject({ code: "draining" });
  expect(pace.waiting).toBe(0);
  await at(10_000);
  expect(admitted).toHaveLength(2);
});
