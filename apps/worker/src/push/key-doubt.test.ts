import { beforeEach, expect, test } from "vitest";
import { createKeyDoubt, type KeyDoubt } from "./key-doubt.js";
import { createFakeClock, type FakeClock } from "./testing/fake-clock.js";

let clock: FakeClock;
let doubt: KeyDoubt;

beforeEach(() => {
  clock = createFakeClock();
  doubt = createKeyDoubt(clock, { keyRefusals: 3, keyHoldMs: 5_000, keyTrustMs: 60_000 });
});

const refuse = (times: number) => Array.from({ length: times }, () => doubt.refused());
const SUBSCRIPTION = { means: "subscription" };
const KEYS = { means: "keys" };

test("some refusals in a row are the keys' fault, and a few may try after each pause", () => {
  expect(refuse(3)).toEqual([SUBSCRIPTION, SUBSCRIPTION, { ...KEYS, holdMs: 5_000 }]);
  expect(refuse(3)).toEqual([KEYS, KEYS, { ...KEYS, holdMs: 5_000 }]);
});

test("refusals among pushes that are taken are the subscriptions' fault, however many", () => {
  refuse(2);
  doubt.accepted();
  expect(refuse(20)).toEqual(Array.from({ length: 20 }, () => SUBSCRIPTION));
  clock.advance(60_000);
  expect(refuse(3).at(-1)).toEqual({ ...KEYS, holdMs: 5_000 });
});

test("a push that is taken ends the doubt", () => {
  refuse(3);
  doubt.accepted();
  clock.advance(60_000);
  expect(refuse(2)).toEqual([SUBSCRIPTION, SUBSCRIPTION]);
});

test("a push that was on its way and is taken ends the pause", () => {
  refuse(3);
  clock.advance(1_000);
  expect(doubt.heldForMs()).toBe(4_000);
  doubt.accepted();
  expect(doubt.heldForMs()).toBe(0);
  refuse(20);
  expect(doubt.heldForMs()).toBe(0);
});
