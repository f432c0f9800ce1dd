import type { Message } from "@parley/contracts";
import type { ChatFacts, Engine } from "@parley/engine";
import { expect, it } from "vitest";
import { outbound } from "./outbound.js";

const pair: ChatFacts = { id: "pair", number: 5, type: "direct", isOpen: false, pair: ["1", "2"] };
const others: ChatFacts[] = [
  { id: "group", number: 6, type: "group", isOpen: false, pair: null },
  { id: "named", number: 7, type: "direct", isOpen: false, pair: ["1", "ann"] },
];

/** Knows the facts, or has to read them. */
const engineWith = (facts: ChatFacts, known: boolean) =>
  ({ chatFacts: { get: () => (known ? facts : undefined), read: async () => facts } }) as unknown as Engine;

const message = {
  number: 9,
  senderId: "1",
  content: "a",
  attachmentUrl: null,
  reactions: [],
} as unknown as Message;
const stored = { ...message, clientId: "c-1", createdAt: "t", readAt: null, deletedAt: null };

function tell(facts: ChatFacts, known: boolean) {
  const news = { engine: engineWith(facts, known), chatId: facts.id };
  const { changes, signals } = outbound;
  return [
    changes["message.created"]?.({ ...news, body: { name: "message.created", message: stored } }),
    changes["message.updated"]?.({ ...news, body: { name: "message.updated", message: stored } }),
    signals["typing.changed"]?.({
      ...news,
      body: { name: "typing.changed", userId: "1", role: "user", action: "start", at: "t" },
    }),
  ];
}

it("tells at once of chats that are known, and after a look of the others", async () => {
  const [created, ...rest] = tell(pair, true);
  expect(created).toMatchObject({ toEach: expect.any(Function) });
  expect(rest).toMatchObject([[{ type: "reaction_update" }], [{ type: "typing" }]]);
  const later = tell(pair, false);
  expect(later.every((telling) => telling instanceof Promise)).toBe(true);
  expect((await Promise.all(later)).slice(1)).toMatchObject([
    [{ type: "reaction_update" }],
    [{ type: "typing" }],
  ]);
});

it("tells the client id to the sender only, and everyone else the same frame", () => {
  const [telling] = tell(pair, true);
  if (telling === undefined || !("toEach" in telling)) throw new Error("it differs by receiver");
  expect(telling.toEach("1")).toMatchObject([{ data: { client_id: "c-1" } }]);
  expect(telling.toEach("2")).toEqual([
    {
      type: "new_message",
      conversation_id: 5,
      data: { id: 9, sender_id: 1, message: "a", timestamp: "t", read_at: null },
      timestamp: expect.any(String),
    },
  ]);
  expect(telling.toEach("2")).toBe(telling.toEach("3"));
});

it("has no word for chats that are no conversations here", async () => {
  for (const facts of others) {
    for (const known of [true, false]) expect(await Promise.all(tell(facts, known))).toEqual([[], [], []]);
  }
});

it("tells of the presence of people who can be named", () => {
  const presence = outbound.signals["presence.changed"];
  const news = { engine: engineWith(pair, true), chatId: null };
  const body = { name: "presence.changed", status: "online", lastSeen: null } as const;
  expect(presence?.({ ...news, body: { ...body, userId: "2" } })).toMatchObject([
    { type: "presence_update", data: { user_id: 2, is_online: true, last_seen: null } },
  ]);
  expect(presence?.({ ...news, body: { ...body, userId: "ann" } })).toEqual([]);
});
