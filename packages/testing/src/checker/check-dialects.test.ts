import { describe, expect, it } from "vitest";
import { checkHistory } from "./check-history.js";
import { DIALECT_USERS, type GoodHistory, goodDialectHistory } from "./good-history.js";
import type { NumberedMessage, Received, RecordedEntry, RecordedMessage } from "./history-entry.js";

type DialectHistory = GoodHistory<RecordedEntry>;

/** What the checker reports about a good history with dialect clients after `spoil` had its way with it. */
function reportOn(spoil: (history: DialectHistory) => void): Record<string, number> {
  const history = goodDialectHistory();
  spoil(history);
  const { counts } = checkHistory(history.entries, history.truth);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

const [STAYS = "", TRAVELS = ""] = DIALECT_USERS;

/** What a user was shown live of one chat, in order. */
function shownTo({ entries }: DialectHistory, user: string): Array<Received<RecordedMessage>> {
  return entries.filter(
    (entry): entry is Received<RecordedMessage> =>
      entry.type === "recv" && entry.via === "live" && entry.user === user && entry.chat === "tea",
  );
}

function messageOf(entry: Received<RecordedMessage> | undefined): NumberedMessage {
  if (entry?.message === undefined || !("number" in entry.message)) throw new Error("it shows no number");
  return entry.message;
}

function remove({ entries }: DialectHistory, gone: ReadonlyArray<RecordedEntry | undefined>): void {
  for (const entry of gone) if (entry !== undefined) entries.splice(entries.indexOf(entry), 1);
}

/** The user reads everything that one of their live messages could have told, at the very end. */
function readAgain({ entries }: DialectHistory, missed: Received<RecordedMessage> | undefined): void {
  if (missed !== undefined) entries.push({ ...missed, via: "catch-up", at: 1e6 });
}

describe("a dialect client", () => {
  it("breaks no promise by what its contract does not say", () => {
    const history = goodDialectHistory();
    const edits = history.entries.filter((entry) => entry.type === "invoke" && entry.f === "edit");
    expect(edits.length).toBeGreaterThan(10);
    const { findings, figures } = checkHistory(history.entries, history.truth);
    expect(findings).toEqual([]);
    expect(figures.live.dialect).toBeGreaterThan(300);
  });

  it("is not excused from edits unless it says what it is", () => {
    const report = reportOn(({ entries }) => {
      for (const entry of entries) if (entry.type === "open") delete entry.kind;
    });
    expect(Object.keys(report)).toEqual(["stale"]);
  });

  it("has missed what was not shown while it was connected, also when it read that later", () => {
    const report = reportOn((history) => {
      const [early] = shownTo(history, STAYS).slice(20);
      const last = shownTo(history, STAYS).at(-1);
      remove(history, [early, last]);
      for (const missed of [early, last]) readAgain(history, missed);
    });
    expect(report).toEqual({ missed: 2 });
  });

  it("has lost what it never came to know", () => {
    const report = reportOn((history) => remove(history, shownTo(history, STAYS).slice(30, 31)));
    expect(report).toEqual({ absent: 1 });
  });

  it("has lost nothing while it was away, as long as it read that in the history", () => {
    const told = ({ entries }: DialectHistory) =>
      entries.filter((entry) => entry.type === "recv" && entry.via === "catch-up" && entry.user === TRAVELS);
    expect(told(goodDialectHistory()).length).toBeGreaterThan(100);
    const report = reportOn((history) => remove(history, told(history).slice(-1)));
    expect(report).toEqual({ absent: 1 });
  });

  it("is shown nothing twice on one connection", () => {
    const report = reportOn((history) => {
      const [shown] = shownTo(history, STAYS).slice(5);
      if (shown) history.entries.push({ ...shown, at: shown.at + 0.5 });
    });
    expect(report).toEqual({ doubled: 1 });
  });

  it("is shown everything in the order of the chat", () => {
    const report = reportOn((history) => {
      const [one, two] = shownTo(history, TRAVELS).slice(10, 12);
      if (one === undefined || two === undefined) throw new Error("too little was shown");
      [one.at, two.at] = [two.at, one.at];
    });
    expect(report).toEqual({ disordered: 1 });
  });

  it("is not shown what is stored nowhere, in another chat, or with another text", () => {
    const nowhere = reportOn((history) => {
      const last = shownTo(history, STAYS).at(-1);
      const message = { number: 99_999, sender: "ann", sum: "boo" };
      // Twice, and before others: without a place it is in no order.
      if (last) history.entries.push({ ...last, message }, { ...last, at: last.at - 40, message });
    });
    expect(nowhere).toEqual({ phantom: 2 });
    const elsewhere = reportOn((history) => {
      const shown = shownTo(history, STAYS).at(-1);
      const other = shown && { ...shown, chat: "tram", at: 1e6 };
      if (other) history.entries.push(other);
    });
    expect(elsewhere.phantom).toBe(1);
    const garbled = reportOn((history) => {
      messageOf(shownTo(history, STAYS)[7]).sum = "what nobody wrote";
    });
    expect(garbled).toEqual({ phantom: 1 });
  });

  it("is told no number that leads to nothing, and none of another message", () => {
    const ackOf = ({ entries }: DialectHistory) => {
      const sent = entries.find(
        (entry) => entry.type === "invoke" && entry.f === "send" && entry.user === STAYS,
      );
      const op = sent?.type === "invoke" ? sent.op : "";
      const ack = entries.find((entry) => entry.type === "ok" && entry.op === op);
      if (ack?.type !== "ok" || !ack.message || !("number" in ack.message))
        throw new Error("no ack has a number");
      return ack.message;
    };
    const swapped = reportOn((history) => {
      ackOf(history).number += 2;
    });
    expect(swapped).toEqual({ disordered: 1 });
    const nothing = reportOn((history) => {
      ackOf(history).number = 99_999;
    });
    expect(nothing).toEqual({ disordered: 1 });
  });

  it("reads what was acknowledged before it asked", () => {
    const report = reportOn(({ entries }) => {
      const reads = entries.filter((entry) => entry.type === "ok" && entry.shown && entry.user === STAYS);
      const last = reads.at(-1);
      if (last?.type === "ok") last.shown = last.shown?.slice(0, -1);
    });
    expect(report).toEqual({ "stale-read": 1 });
  });
});
