import { describe, expect, it } from "vitest";
import { checkHistory } from "./check-history.js";
import type { FindingKind } from "./finding.js";
import { type GoodHistory, goodHistory } from "./good-history.js";
import type { HistoryEntry, Outcome, Received, ShownMessage } from "./history-entry.js";

type Kinds = Partial<Record<FindingKind, number>>;

/** What the checker reports about a good history after `spoil` had its way with it. */
function reportOn(spoil: (history: GoodHistory) => void): Kinds {
  const history = goodHistory();
  spoil(history);
  const { counts } = checkHistory(history.entries, history.truth);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function liveMessages({ entries }: GoodHistory): Received[] {
  return entries.filter(
    (entry) => entry.type === "recv" && entry.via === "live" && entry.event === "new_message",
  ) as Received[];
}

function remove({ entries }: GoodHistory, gone: readonly HistoryEntry[]): void {
  for (const entry of gone) entries.splice(entries.indexOf(entry), 1);
}

/** The live messages that a connection of `user` showed of one chat. */
function shownTo(history: GoodHistory, user: string, chat = "tea"): Received[] {
  return liveMessages(history).filter((entry) => entry.user === user && entry.chat === chat);
}

function messageOf(entry: Received | Outcome | undefined): ShownMessage {
  if (entry?.message === undefined) throw new Error("the entry has no message");
  return entry.message;
}

function chatOf({ truth }: GoodHistory, id = "tea") {
  const chat = truth.chats.find((candidate) => candidate.id === id);
  if (chat === undefined) throw new Error(`there is no chat ${id}`);
  return chat;
}

/** Everything in the history and the truth that shows a message. */
function* showings({ entries, truth }: GoodHistory): Generator<{ chat: string; message: ShownMessage }> {
  for (const { id, messages } of truth.chats) for (const message of messages) yield { chat: id, message };
  const chats = new Map(
    entries.flatMap((entry) => (entry.type === "invoke" ? [[entry.op, entry.chat]] : [])),
  );
  for (const entry of entries) {
    if (entry.type === "recv" && entry.message) yield { chat: entry.chat, message: entry.message };
    if (entry.type !== "ok") continue;
    const chat = chats.get(entry.op) ?? "";
    if (entry.message) yield { chat, message: entry.message };
    for (const message of entry.shown ?? []) yield { chat, message };
  }
}

describe("checkHistory", () => {
  it("finds nothing in a history without a fault, and counts it", () => {
    const history = goodHistory();
    const { findings, figures } = checkHistory(history.entries, history.truth);
    expect(findings).toEqual([]);
    expect(figures.sends).toBeGreaterThan(300);
    expect(figures.acks).toBe(figures.sends);
    expect(figures.connections).toBe(6);
    expect(figures.longestSilenceMs).toBeGreaterThan(0);
  });

  it("reports one in a thousand dropped for ever as absent", () => {
    const report = reportOn((history) => {
      const shown = liveMessages(history);
      const dropped = shown.filter((_entry, place) => place % 1_000 === 500);
      expect(dropped.length).toBeGreaterThan(0);
      remove(history, dropped);
    });
    expect(Object.keys(report)).toEqual(["absent"]);
  });

  it("reports what an open connection did not show as missed, also when the client got it by asking", () => {
    const report = reportOn((history) => {
      const [dropped] = shownTo(history, "dee");
      if (dropped === undefined) throw new Error("nothing was shown");
      // Dee's second connection catches up with everything, the dropped one included.
      remove(history, [dropped, ...shownTo(history, "dee").slice(3, 4)]);
    });
    expect(report).toEqual({ missed: 2 });
  });

  it("reports the last message that an open connection did not show", () => {
    const report = reportOn((history) => remove(history, shownTo(history, "ben").slice(-1)));
    expect(report).toEqual({ absent: 1 });
  });

  it("reports two that were swapped on one connection", () => {
    const report = reportOn((history) => {
      const [one, two] = shownTo(history, "cid").slice(10, 12);
      if (one === undefined || two === undefined) throw new Error("too little was shown");
      [one.at, two.at] = [two.at, one.at];
    });
    expect(report).toEqual({ disordered: 1 });
  });

  it("reports another message under a number than the stored one", () => {
    const report = reportOn((history) => {
      const [one, two] = chatOf(history).messages.slice(20, 22);
      if (one === undefined || two === undefined) throw new Error("too little was stored");
      [one.seq, two.seq] = [two.seq, one.seq];
    });
    expect(report.disordered).toBeGreaterThan(0);
    expect(report.lost).toBeUndefined();
  });

  it("reports a message that one connection showed twice", () => {
    const report = reportOn((history) => {
      const [shown] = shownTo(history, "ann").slice(5);
      if (shown) history.entries.push({ ...shown, at: shown.at + 0.5 });
    });
    expect(report).toEqual({ doubled: 1 });
  });

  it("reports a retry that was stored as a second message", () => {
    const report = reportOn((history) => {
      const chat = chatOf(history);
      const seq = chat.lastSeq + 1;
      const last = messageOf(shownTo(history, "ann").at(-1));
      const copy = { ...last, number: 100_000, id: "copy", seq, rev: 100_000 };
      chat.messages.push(copy);
      chat.lastSeq = seq;
      for (const member of chat.members) {
        if (member.user === copy.sender) member.readSeq = seq;
        member.unread = seq - member.readSeq;
      }
      for (const { user } of chat.members) {
        const { conn } = shownTo(history, user).at(-1) ?? { conn: "" };
        const told = { type: "recv", via: "live", event: "new_message", chat: chat.id } as const;
        history.entries.push({ ...told, at: 1e6, user, conn, message: { ...copy } });
      }
    });
    expect(report).toEqual({ doubled: 1 });
  });

  it("reports a message that nobody sent", () => {
    const report = reportOn((history) => {
      const last = shownTo(history, "ben").at(-1);
      const message = { id: "ghost", seq: 9_999, rev: 100_000, sender: "ann", key: "ghost", sum: "boo" };
      if (last) history.entries.push({ ...last, at: 1e6, message });
    });
    expect(report).toEqual({ phantom: 1 });
  });

  it("reports a message that is stored although it was refused", () => {
    const report = reportOn((history) => {
      const { key = "" } = messageOf(shownTo(history, "ann")[3]);
      const invoke = history.entries.find((entry) => entry.type === "invoke" && entry.key === key);
      const op = invoke?.type === "invoke" ? invoke.op : "";
      for (const entry of history.entries) if (entry.type === "ok" && entry.op === op) entry.type = "fail";
    });
    expect(report).toEqual({ phantom: 1 });
  });

  it("reports a number that no message has", () => {
    const report = reportOn((history) => {
      for (const { chat, message } of showings(history))
        if (chat === "tea" && message.seq > 50) message.seq++;
      const chat = chatOf(history);
      chat.lastSeq++;
      for (const member of chat.members) member.readSeq++;
      for (const entry of history.entries) {
        if ((entry.type === "ok" || entry.type === "invoke") && (entry.seq ?? 0) > 50) entry.seq = 50;
      }
    });
    expect(report).toEqual({ gap: 1 });
  });

  it("reports what was shown to somebody who had left, and what was sent after they had", () => {
    const left = reportOn((history) => {
      const [shown] = shownTo(history, "ann", "tram").slice(-1);
      const [own] = shownTo(history, "eve");
      if (shown && own) history.entries.push({ ...shown, user: "eve", conn: own.conn });
    });
    expect(left).toEqual({ foreign: 1 });
    const never = reportOn((history) => {
      const [shown] = shownTo(history, "ann");
      if (shown) history.entries.push({ ...shown, user: "zoe", conn: "zoe-1" });
    });
    expect(never).toEqual({ foreign: 1 });
  });

  it("reports an acknowledged message that is not stored", () => {
    const report = reportOn((history) => {
      const chat = chatOf(history);
      // The last one, so that its number is not a gap.
      chat.messages.pop();
      chat.lastSeq--;
      for (const member of chat.members) {
        member.readSeq = Math.min(member.readSeq, chat.lastSeq);
        member.unread = chat.lastSeq - member.readSeq;
      }
      for (const entry of history.entries) {
        if (entry.type === "ok" && (entry.seq ?? 0) > chat.lastSeq) entry.seq = chat.lastSeq;
      }
    });
    expect(report).toEqual({ lost: 1 });
  });

  it("reports an edit that did not reach a member, and one that is not stored", () => {
    const unheard = reportOn((history) => {
      const updates = history.entries.filter(
        (entry) => entry.type === "recv" && entry.event === "message_updated" && entry.user === "cid",
      );
      remove(history, updates.slice(-1));
    });
    expect(unheard).toEqual({ stale: 1 });
    const unstored = reportOn((history) => {
      const edits = history.entries.filter(
        (entry) => entry.type === "ok" && entry.message?.sum.startsWith("again"),
      );
      const edit = messageOf(edits.at(-1) as Outcome);
      for (const { message } of showings(history)) {
        if (message.id === edit.id && message.rev === edit.rev && message !== edit)
          message.rev = edit.rev - 1;
      }
    });
    expect(unstored).toEqual({ stale: 1 });
  });

  it("reports a wrong unread count, and a read position that went back", () => {
    const count = reportOn((history) => {
      const [member] = chatOf(history).members;
      if (member) member.unread++;
    });
    expect(count).toEqual({ unread: 1 });
    const position = reportOn((history) => {
      const [member] = chatOf(history).members;
      if (!member) return;
      member.readSeq -= 40;
      member.unread += 40;
    });
    expect(position).toEqual({ unread: 1 });
  });

  it("reports a read that did not show what had been acknowledged", () => {
    const report = reportOn((history) => {
      const read = history.entries.filter((entry) => entry.type === "ok" && entry.shown).at(-1) as Outcome;
      read.shown = read.shown?.slice(0, -1);
    });
    expect(report).toEqual({ "stale-read": 1 });
  });
});
