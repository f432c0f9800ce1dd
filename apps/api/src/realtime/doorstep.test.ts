import { expect, it } from "vitest";
import { Doorstep } from "./doorstep.js";

it("takes so many from one address, and so many in all", () => {
  const doorstep = new Doorstep({ strangers: 3, ofAddress: 2 });
  const [first, second, third] = [{}, {}, {}];
  expect([doorstep.enter(first, "a"), doorstep.enter(second, "a"), doorstep.enter({}, "a")]).toEqual([
    true,
    true,
    false,
  ]);
  expect([doorstep.hasRoom("a"), doorstep.hasRoom("b")]).toEqual([false, true]);
  expect([doorstep.enter(third, "b"), doorstep.enter({}, "c")]).toEqual([true, false]);
  doorstep.leave(first);
  expect([doorstep.hasRoom("a"), doorstep.hasRoom("c"), doorstep.count]).toEqual([true, true, 2]);
});

it("gives a place back once, and none that was never taken", () => {
  const doorstep = new Doorstep({ strangers: 9, ofAddress: 2 });
  const [first, second, stranger] = [{}, {}, {}];
  doorstep.enter(first, "a");
  doorstep.enter(second, "a");
  doorstep.leave(stranger);
  for (let count = 0; count < 2; count++) doorstep.leave(first);
  expect(doorstep.count).toBe(1);
  expect([doorstep.enter({}, "a"), doorstep.enter({}, "a")]).toEqual([true, false]);
});
