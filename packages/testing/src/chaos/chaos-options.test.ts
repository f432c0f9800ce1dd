import { expect, it } from "vitest";
import { readChaosOptions } from "./chaos-options.js";
import { SCENARIOS } from "./scenarios.js";

it("plays everything for a minute unless told otherwise", () => {
  const options = readChaosOptions([]);
  expect(options).toMatchObject({ minutes: 1, clients: 200, catchUp: true, behindNginx: false });
  expect(options.scenarios).toEqual(Object.keys(SCENARIOS));
});

it("takes scenarios, sizes, the seed and the catch-up switch", () => {
  const line =
    "--scenario calm,kill-node --minutes 0.5 --clients 20 --rate 5 --seed 7 --catch-up off --balancer nginx";
  expect(readChaosOptions(line.split(" "))).toEqual({
    scenarios: ["calm", "kill-node"],
    minutes: 0.5,
    clients: 20,
    rate: 5,
    seed: 7,
    catchUp: false,
    behindNginx: true,
    short: false,
  });
});

it("says what can't be understood", () => {
  expect(() => readChaosOptions(["--scenario", "flood"])).toThrow(/no scenario "flood"; there are calm,/);
  expect(() => readChaosOptions(["--minute", "1"])).toThrow('"--minute" can\'t be understood');
  expect(() => readChaosOptions(["--minutes"])).toThrow("can't be understood");
  expect(() => readChaosOptions(["--clients", "many"])).toThrow("--clients must be a number");
  expect(() => readChaosOptions(["--seed", "1.5"])).toThrow("--seed must be a whole number");
  expect(() => readChaosOptions(["--catch-up", "no"])).toThrow("--catch-up is on or off");
  expect(() => readChaosOptions(["--balancer", "haproxy"])).toThrow("--balancer is built-in or nginx");
});
