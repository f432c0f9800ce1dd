import { expect, test } from "vitest";
import { createOriginLanes, type PushClass } from "./origin-lanes.js";
import { createFakeClock } from "./testing/fake-clock.js";

function open(limits: Partial<{ sockets: number; waiting: number; waitMs: number }> = {}) {
  const clock = createFakeClock();
  const lanes = createOriginLanes({ sockets: 4, waiting: 3, waitMs: 1_000, ...limits }, clock);
  const turns: string[] = [];
  const enter = (lane: PushClass, name: string) => {
    void lanes.enter(lane).then((turn) => turns.push(`${name} ${turn}`));
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve)).then(() => turns.splice(0));
  return { clock, lanes, enter, settled };
}

test("bulk has half of the connections, even when nobody else is there", async () => {
  const { lanes, enter, settled } = open();
  for (const name of ["a", "b", "c", "d"]) enter("bulk", name);
  expect(await settled()).toEqual(["a entered", "b entered"]);
  expect([lanes.inFlight(), lanes.waiting()]).toEqual([2, 2]);
  lanes.leave("bulk");
  expect(await settled()).toEqual(["c entered"]);
});

test("interactive may have all of them, and never waits for bulk while half are free", async () => {
  const { lanes, enter, settled } = open();
  for (const name of ["a", "b", "c"]) enter("bulk", name);
  for (const name of ["1", "2", "3"]) enter("interactive", name);
  expect(await settled()).toEqual(["a entered", "b entered", "1 entered", "2 entered"]);
  // 3 came after c, and goes first, whoever makes room.
  lanes.leave("bulk");
  expect(await settled()).toEqual(["3 entered"]);
  lanes.leave("interactive");
  expect(await settled()).toEqual(["c entered"]);
  expect([lanes.inFlight(), lanes.waiting()]).toEqual([4, 0]);
});

test("with one connection there is a turn for bulk too", async () => {
  const { lanes, enter, settled } = open({ sockets: 1 });
  enter("bulk", "a");
  enter("interactive", "1");
  expect(await settled()).toEqual(["a entered"]);
  lanes.leave("bulk");
  expect(await settled()).toEqual(["1 entered"]);
});

test("so many of a class wait, and no more", async () => {
  const { enter, settled } = open({ sockets: 2, waiting: 2 });
  for (const name of ["a", "b", "c", "d"]) enter("bulk", name);
  enter("interactive", "1");
  expect(await settled()).toEqual(["a entered", "d full", "1 entered"]);
});

test("nobody waits for ever, and who gave up takes no turn", async () => {
  const { clock, lanes, enter, settled } = open({ sockets: 2 });
  for (const name of ["a", "b"]) enter("bulk", name);
  clock.advance(600);
  enter("bulk", "c");
  clock.advance(400);
  expect(await settled()).toEqual(["a entered", "b waited_too_long"]);
  lanes.leave("bulk");
  expect(await settled()).toEqual(["c entered"]);
  clock.advance(5_000);
  expect(clock.waiting()).toEqual([]);
  expect([lanes.inFlight(), lanes.waiting()]).toEqual([1, 0]);
});

test("all who wait can be turned away", async () => {
  const { lanes, clock, enter, settled } = open({ sockets: 2 });
  for (const name of ["a", "b", "c"]) enter("bulk", name);
  lanes.turnAway();
  expect(await settled()).toEqual(["a entered", "b turned_away", "c turned_away"]);
  expect(clock.waiting()).toEqual([]);
  enter("bulk", "d");
  lanes.leave("bulk");
  expect(await settled()).toEqual(["d entered"]);
});
