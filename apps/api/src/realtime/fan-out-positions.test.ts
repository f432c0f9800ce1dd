import type { Change, ChangeBody } from "@parley/contracts";
import { createLogger } from "@parley/platform";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FanOutClient } from "../testing/fan-out-client.js";
import { FanOut } from "./fan-out.js";

const CHAT = "00000000-0000-7000-8000-000000000001";
const AT = "2026-01-01T00:00:00.000Z";
const log = createLogger({ level: "silent", node: "test", name: "test" });

let fanOut: FanOut;

beforeEach(() => {
  fanOut = new FanOut({ log, readMissed: async () => new Map(), readArrival: async () => null });
});

afterEach(() => fanOut.close());

function connect(id: string, userId: string): FanOutClient {
  const client = new FanOutClient(id, userId);
  fanOut.follow(fanOut.users.add(client), [{ chatId: CHAT, rev: 0, seq: 9 }]);
  return client;
}

const changed = (rev: number, body: ChangeBody): Change => ({
  chatId: CHAT,
  rev,
  seq: 9,
  audience: ["ann", "ben"],
  body,
});

it("every change of positions and members says which revision it took", () => {
  const ben = connect("1", "ben");
  fanOut.accept({
    changes: [
      changed(1, { name: "chat.created", memberIds: ["ann", "ben"] }),
      changed(2, { name: "messages.read", userId: "ann", readSeq: 3, messageIds: [], at: AT }),
      changed(3, { name: "messages.delivered", userId: "ann", deliveredSeq: 5, at: AT }),
      changed(4, { name: "member.added", userId: "cid" }),
      changed(5, { name: "member.removed", userId: "cid" }),
    ],
    signals: [],
  });
  expect(ben.heard).toEqual([
    ["member_added", { chatId: CHAT, userId: "ben", rev: 1 }],
    ["messages_read", { chatId: CHAT, userId: "ann", readSeq: 3, messageIds: [], rev: 2, timestamp: AT }],
    ["messages_delivered", { chatId: CHAT, userId: "ann", deliveredSeq: 5, rev: 3, timestamp: AT }],
    ["member_added", { chatId: CHAT, userId: "cid", rev: 4 }],
    ["member_removed", { chatId: CHAT, userId: "cid", rev: 5 }],
  ]);
});

it("a position that only part of is shown reaches its owner whole", () => {
  const [ann, ben] = [connect("1", "ann"), connect("2", "ben")];
  const read = { userId: "ben", readSeq: 3, messageIds: [] };
  const body = { name: "messages.read", ...read, ownReadSeq: 7, at: AT } as const;
  fanOut.accept({ changes: [changed(1, body)], signals: [] });
  const told = { ...read, chatId: CHAT, rev: 1, timestamp: AT };
  expect(ann.heard).toEqual([["messages_read", told]]);
  expect(ben.heard).toEqual([["messages_read", { ...told, readSeq: 7 }]]);
});

it("private reading reaches the reader's other connections, once, whichever way it comes first", () => {
  const [phone, laptop] = [connect("phone", "ben"), connect("laptop", "ben")];
  const ann = connect("3", "ann");
  const read = { userId: "ben", chatId: CHAT, readSeq: 4, messageIds: ["m"], at: AT };
  const live = (readSeq: number) =>
    fanOut.accept({
      changes: [],
      signals: [],
      privateReads: [{ ...read, readSeq, exceptConnection: "phone" }],
    });
  const logged = (readSeq: number) => {
    const commit = { chatId: CHAT, rev: 0, seq: 0, joined: [], before: null };
    const privateReads = [
      { userId: "ben", readSeq },
      { userId: "nobody", readSeq },
    ];
    fanOut.expect([{ ...commit, privateReads }], { atOnce: true });
  };
  live(4);
  logged(4);
  logged(6);
  live(6);
  live(5);
  const told = [
    ["messages_read", { userId: "ben", chatId: CHAT, messageIds: ["m"], readSeq: 4, timestamp: AT }],
    [
      "messages_read",
      { userId: "ben", chatId: CHAT, messageIds: [], readSeq: 6, timestamp: expect.any(String) },
    ],
  ];
  expect(laptop.heard).toEqual(told);
  expect(phone.heard).toEqual(told.slice(1));
  expect(ann.heard).toEqual([]);
});
