import { expect, it } from "vitest";
import type { Behaviour } from "./behaviour.js";
import { readBehaviour } from "./read-behaviour.js";

const ALL: Behaviour[] = [
  { kind: "accept" },
  { kind: "status", status: 503 },
  { kind: "status", status: 429, retryAfter: 0, body: "later" },
  { kind: "status", status: 429, retryAfter: "Fri, 31 Dec 2060 23:59:59 GMT" },
  { kind: "hang", accepted: true },
  { kind: "drip", part: "head", everyMs: 5, accepted: false },
  { kind: "reset" },
  { kind: "redirect", to: "http://127.0.0.1/", status: 308 },
  { kind: "flood" },
  { kind: "flood", megabytes: 3, status: 500 },
  { kind: "slow", gate: "g", next: { kind: "hang" } },
  { kind: "times", times: 2, first: { kind: "hang" }, rest: { kind: "reset" }, each: "subscription" },
  {
    kind: "every",
    nth: 2,
    first: { kind: "every", nth: 3, first: { kind: "hang" } },
    rest: { kind: "accept" },
  },
];

it.each(ALL)("reads %o", (behaviour) => {
  expect(readBehaviour(JSON.parse(JSON.stringify(behaviour)))).toEqual(behaviour);
});

it.each<[reason: string, value: unknown]>([
  ["an object", null],
  ["an object", "hang"],
  ['no behaviour "undefined"', {}],
  ['no behaviour "toString"', { kind: "toString" }],
  ['"status"', { kind: "status" }],
  ['"status"', { kind: "status", status: 101 }],
  ['"retryAfter"', { kind: "status", status: 503, retryAfter: -1 }],
  ['"part"', { kind: "drip", part: "tail" }],
  ['"accepted"', { kind: "hang", accepted: "yes" }],
  ['"megabytes"', { kind: "flood", megabytes: 0.5 }],
  ['has no "seconds"', { kind: "hang", seconds: 1 }],
  ['"times"', { kind: "times", times: 0, first: { kind: "hang" } }],
  ['"first"', { kind: "every", nth: 2 }],
  ['no behaviour "explode"', { kind: "every", nth: 2, first: { kind: "explode" } }],
  ['"next"', { kind: "slow", gate: "g", next: { kind: "times", times: 1, first: { kind: "hang" } } }],
])("refuses with 400 and names %s: %o", (reason, value) => {
  expect(() => readBehaviour(value)).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringContaining(reason) }),
  );
});
