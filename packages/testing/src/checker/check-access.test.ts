import { describe, expect, it } from "vitest";
import { checkHistory } from "./check-history.js";
import { type GoodHistory, goodHistory } from "./good-history.js";
import type { Outcome, Received } from "./history-entry.js";

/** What the checker reports about a good history after `spoil` had its way with it. */
function reportOn(spoil: (history: GoodHistory) => void): Record<string, number> {
  const history = goodHistory();
  spoil(history);
  const { counts } = checkHistory(history.entries, history.truth);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** What a user was shown live, in order. */
function shownTo({ entries }: GoodHistory, user: string): Received[] {
  return entries.filter(
    (entry): entry is Received => entry.type === "recv" && entry.via === "live" && entry.user === user,
  );
}

/** Somebody's access is revoked at a time, and given back at another one. */
function revoke(
  { entries }: GoodHistory,
  at: { user: string; from: number; to?: number; boundMs: number },
): void {
  const { user: about, from, to, boundMs } = at;
  const who = { user: "operator", chat: "", about };
  entries.push({ at: from - 0.1, type: "invoke", op: "out", f: "revoke", boundMs, ...who });
  entries.push({ at: from, type: "ok", op: "out", user: "operator" });
  if (to === undefined) return;
  entries.push({ at: to, type: "invoke", op: "in", f: "admit", ...who });
  entries.push({ at: to, type: "ok", op: "in", user: "operator" });
}

describe("a revocation", () => {
  it("is kept when all that reaches the user comes within the bound, or after they were let in again", () => {
    const report = reportOn((history) => {
      const shown = shownTo(history, "ben");
      const [early, later] = [shown[100]?.at ?? 0, shown[110]?.at ?? 0];
      revoke(history, { user: "ben", from: early - 5, to: later, boundMs: later - early + 5 });
      expect(shown.filter(({ at }) => at > early && at < later).length).toBeGreaterThan(5);
    });
    expect(report).toEqual({});
  });

  it("is broken by each thing that is shown later than the bound", () => {
    let expected = 0;
    const report = reportOn((history) => {
      const shown = shownTo(history, "ben");
      const from = shown[200]?.at ?? 0;
      const to = shown[204]?.at ?? 0;
      revoke(history, { user: "ben", from, to, boundMs: 0.5 });
      const own = (entry: { user: string; at: number }) =>
        entry.user === "ben" && entry.at > from + 0.5 && entry.at < to;
      expected = history.entries.filter(
        (entry) => own(entry) && (entry.type === "recv" || entry.type === "ok"),
      ).length;
    });
    expect(expected).toBeGreaterThanOrEqual(3);
    expect(report).toEqual({ unrevoked: expected });
  });

  it("is broken by what is done for the user", () => {
    const report = reportOn((history) => {
      const last = history.entries.findLast(
        (entry): entry is Outcome => entry.type === "ok" && entry.user === "cid",
      );
      const lastShown = shownTo(history, "cid").at(-1)?.at ?? 0;
      const from = (last?.at ?? 0) - 0.5;
      revoke(history, { user: "cid", from, boundMs: 0 });
      expect(lastShown).toBeGreaterThan(from);
    });
    expect(report.unrevoked).toBeGreaterThan(1);
  });
});

describe("a message that a user was told had failed", () => {
  const fail = (
    history: GoodHistory,
    { user, code, times = 1 }: { user: string; code: string; times?: number },
  ) => {
    const sent = history.entries.findLast((entry) => entry.type === "recv" && entry.user === user);
    const at = sent?.at ?? 0;
    const told = { type: "failed", user, conn: `${user}#sdk`, chat: "tea", key: "k", code } as const;
    for (let time = 0; time < times; time++) history.entries.push({ at: at + time, ...told });
  };

  it("is reported once, however often they were told", () => {
    expect(reportOn((history) => fail(history, { user: "ann", code: "internal", times: 2 }))).toEqual({
      failed: 1,
    });
    expect(reportOn((history) => fail(history, { user: "ann", code: "chat_not_found" }))).toEqual({
      failed: 1,
    });
  });

  it("is no breach where they were out of the chat, or may have been", () => {
    const report = reportOn((history) => {
      const at = history.entries.at(-1)?.at ?? 0;
      const told = { type: "failed", user: "eve", conn: "eve#sdk", chat: "tram", key: "k" } as const;
      history.entries.push({ at, ...told, code: "chat_not_found" });
    });
    expect(report).toEqual({});
  });
});
