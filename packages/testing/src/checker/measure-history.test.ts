import { expect, it } from "vitest";
import { checkHistory } from "./check-history.js";
import { goodHistory } from "./good-history.js";
import { STALLED } from "./history-index.js";

/** The figures of a good history after `spoil` had its way with it. */
function figuresOf(spoil: (history: ReturnType<typeof goodHistory>) => void) {
  const history = goodHistory();
  spoil(history);
  return checkHistory(history.entries, history.truth).figures;
}

it("measures the longest gap of those who could be shown something, not of those who did not read", () => {
  const { figures: calm } = checkHistory(...argumentsOf());
  expect(calm.longestGapMs).toBeLessThan(10);
  const delay = (history: ReturnType<typeof goodHistory>) => {
    const last = history.entries.findLast((entry) => entry.type === "recv" && entry.user === "ben");
    if (last?.type === "recv") last.at += 500;
    return last;
  };
  expect(figuresOf(delay).longestGapMs).toBeGreaterThan(500);
  const stalled = figuresOf((history) => {
    const late = delay(history);
    if (late?.type !== "recv") return;
    const { user, conn } = late;
    history.entries.push({ at: late.at - 500, user, conn, type: "away", why: STALLED });
    history.entries.push({ at: late.at - 1, user, conn, type: "back" });
  });
  expect(stalled.longestGapMs).toBeLessThan(10);
  expect(stalled.longestSilenceMs).toBe(calm.longestSilenceMs);
});

it("counts refused attempts, also those that may have been stored, and not those without an answer", () => {
  const before = figuresOf(() => undefined);
  const figures = figuresOf(({ entries }) => {
    const send = entries.find((entry) => entry.type === "invoke" && entry.f === "send");
    if (send?.type !== "invoke") return;
    for (const [op, outcome] of [
      ["a", { type: "fail", code: "overloaded" }],
      ["b", { type: "info", code: "database_unavailable" }],
      ["c", { type: "info" }],
    ] as const) {
      entries.push({ ...send, op, at: send.at + 0.1 });
      entries.push({ ...outcome, op, user: send.user, at: send.at + 0.2 });
    }
  });
  expect(figures).toEqual({ ...before, refusals: 2 });
});

function argumentsOf(): Parameters<typeof checkHistory> {
  const { entries, truth } = goodHistory();
  return [entries, truth];
}
