import { describe, expect, test } from "vitest";
import { loadShapes } from "./load-shapes.js";
import { planChats } from "./plan-chats.js";
import { readSettings } from "./read-settings.js";
import { thresholdsOf } from "./thresholds-of.js";

const DEFAULTS = { vus: 60, duration: "1m" };

describe("settings", () => {
  test("are the scenario's own where the environment says nothing", () => {
    expect(readSettings({}, DEFAULTS)).toMatchObject({
      baseUrl: "http://127.0.0.1:8080",
      vus: 60,
      durationSeconds: 60,
      sessionSeconds: 15,
      stormSeconds: 15,
      maxUnjudged: 0,
    });
  });

  test.each([
    ["90", 90],
    ["90s", 90],
    ["1m30s", 90],
    ["0.5h", 1_800],
    ["500ms", 0.5],
  ])("take %s as a duration", (DURATION, seconds) => {
    expect(readSettings({ DURATION }, DEFAULTS).durationSeconds).toBeCloseTo(seconds);
  });

  test.each([" ", "soon", "1m soon", "-5s", "0"])("refuse %j as a duration", (DURATION) => {
    expect(() => readSettings({ DURATION }, DEFAULTS)).toThrow(/^DURATION is /);
  });

  test.each([
    ["VUS", "many"],
    ["PACE_MS", "-1"],
    ["MAX_FAILURE_RATE", "NaN"],
  ])("refuse %s=%s", (name, value) => {
    expect(() => readSettings({ [name]: value }, DEFAULTS)).toThrow(`${name} is "${value}"`);
  });

  test("a session is not longer than the run, and an address has no last slash", () => {
    const settings = readSettings({ BASE_URL: "https://chat.example//", DURATION: "5s" }, DEFAULTS);
    expect(settings).toMatchObject({ baseUrl: "https://chat.example", sessionSeconds: 5 });
  });
});

describe("thresholds", () => {
  test("of correctness can't be moved, those of time and failures can", () => {
    const moved = { MAX_FAILURE_RATE: "0.2", MAX_ACK_MS: "7", MAX_UNJUDGED: "3" };
    const thresholds: Record<string, string[]> = thresholdsOf(readSettings(moved, DEFAULTS), ["native"]);
    for (const kind of ["lost", "doubled", "disordered", "unanswered"]) {
      expect(thresholds[`parley_${kind}`]).toEqual(["count==0"]);
    }
    expect(thresholds).toMatchObject({
      parley_judged: ["count>0"],
      parley_unjudged: ["count<=3"],
      "parley_received{contract:native}": ["count>0"],
      parley_failed: ["rate<=0.2"],
      parley_ack_ms: ["p(95)<=7"],
    });
  });
});

describe("chats", () => {
  const native = { name: "native", isForPairs: false };
  const matcha = { name: "matcha", isForPairs: true };

  test("seat every user once, the contracts in turn", () => {
    expect(planChats({ vus: 11, chatSize: 4, contracts: [native, matcha] })).toEqual([
      { contract: "native", seats: [1, 2, 3, 4] },
      { contract: "matcha", seats: [5, 6] },
      { contract: "native", seats: [7, 8, 9, 10] },
      { contract: "matcha", seats: [11, 12] },
    ]);
  });

  test("are small where the users would not last for one of each contract", () => {
    expect(planChats({ vus: 4, chatSize: 4, contracts: [native, matcha] })).toEqual([
      { contract: "native", seats: [1, 2] },
      { contract: "matcha", seats: [3, 4] },
    ]);
  });

  test("of one user get somebody more", () => {
    expect(planChats({ vus: 1, chatSize: 4, contracts: [native] })).toEqual([
      { contract: "native", seats: [1, 2] },
    ]);
  });

  test("are refused when a contract would have none", () => {
    expect(() => planChats({ vus: 2, chatSize: 4, contracts: [native, matcha] })).toThrow(/at least 3/);
  });
});

describe("shapes", () => {
  const whole = { vus: 60, durationSeconds: 100 };
  const peak = ({ stages }: { stages: { target: number }[] }) =>
    Math.max(...stages.map(({ target }) => target));

  test("reach all users, and a ramp ends with none", () => {
    expect(peak(loadShapes.ramp(whole))).toBe(60);
    expect(loadShapes.ramp(whole).stages.at(-1)?.target).toBe(0);
    expect(peak(loadShapes.spike(whole))).toBe(60);
    expect(loadShapes.spike(whole).startVUs).toBe(6);
    expect(loadShapes.steady(whole)).toMatchObject({ vus: 60, duration: "100s" });
  });

  test("of a few users in a few seconds are still ones that k6 takes", () => {
    for (const { stages } of [loadShapes.ramp, loadShapes.spike].map((of) =>
      of({ vus: 1, durationSeconds: 2 }),
    )) {
      for (const { duration, target } of stages) {
        expect(duration).toMatch(/^[1-9]\d*s$/);
        expect(Number.isInteger(target)).toBe(true);
      }
      expect(peak({ stages })).toBe(1);
    }
  });
});
