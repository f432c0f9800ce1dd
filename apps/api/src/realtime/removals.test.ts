import { randomUUID } from "node:crypto";
import type { Change } from "@parley/contracts";
import { closeEngine, createChat, createOpenChat, enterChat, removeMember } from "@parley/engine";
import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { FanOutClient } from "../testing/fan-out-client.js";
import { Arrivals, type ArrivalsOptions } from "./arrivals.js";
import { FanOut } from "./fan-out.js";

const owner = { userId: "owner", role: "user" };
const ann = { userId: "ann", role: "user" };
let warned = 0;
const log = { info: () => undefined, warn: () => void warned++, error: () => undefined };

let database: TestDatabase;
let node: TestEngine;
/** What was done to connections and told of them, in order. */
let done: string[] = [];
const connected = new Map<string, NotingClient>();
let fanOut: FanOut;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

beforeEach(() => {
  done = [];
  warned = 0;
  connected.clear();
});

/** A connection that notes what is done to it. */
class NotingClient extends FanOutClient {
  readonly viewing: Set<string>;
  readonly actor = ann;

  constructor(
    id: string,
    readonly onlyChat: string | undefined,
    viewing: string[] = [],
  ) {
    super(id, ann.userId);
    this.viewing = new Set(viewing);
  }

  end(reason: string): void {
    done.push(`${this.id} ends: ${reason}`);
  }
}

function receive(...clients: NotingClient[]): Arrivals {
  fanOut = new FanOut({ log, readMissed: async () => new Map(), readArrival: async () => null });
  for (const client of clients) connect(client);
  const options = {
    engine: node.engine,
    fanOut,
    log,
    connections: connected,
    viewing: { closed: ({ place }: { place: string }) => void done.push(`closed ${place}`) },
    visitors: {
      left: ({ room }: { room: string }, id: string) => {
        done.push(`${id} left ${room}`);
        return false;
      },
    },
  };
  return new Arrivals(options as unknown as ArrivalsOptions);
}

function connect(client: NotingClient): void {
  connected.set(client.id, client);
  fanOut.users.add(client);
}

async function newRoom(): Promise<string> {
  const { chat } = await createOpenChat(node.engine, {
    actor: owner,
    name: "room",
    externalKey: randomUUID(),
  });
  await enterChat(node.engine, { actor: ann, chatId: chat.id });
  return chat.id;
}

it("who was taken out has the chat open no more, and loses the connections that are for it alone", async () => {
  const [room, other] = [await newRoom(), await newRoom()];
  const arrivals = receive(
    new NotingClient("page", room, [room]),
    new NotingClient("next page", other, [other]),
    new NotingClient("app", undefined, [room, other]),
    new NotingClient("idle app", undefined),
  );
  await removeMember(node.engine, { actor: owner, chatId: room, userId: "ann" });
  await arrivals.removed({ chatId: room, userId: "ann" });
  expect(done).toEqual([
    `closed ${room}`,
    `page left ${room}`,
    "page ends: removed",
    `closed ${room}`,
    `app left ${room}`,
  ]);
});

it("who is back when the news comes keeps everything", async () => {
  const room = await newRoom();
  const arrivals = receive(new NotingClient("page", room, [room]));
  await removeMember(node.engine, { actor: owner, chatId: room, userId: "ann" });
  await enterChat(node.engine, { actor: ann, chatId: room });
  await arrivals.removed({ chatId: room, userId: "ann" });
  expect(done).toEqual([]);
});

it("who comes back while Postgres is asked keeps what they open by then", async () => {
  const room = await newRoom();
  const arrivals = receive(new NotingClient("page", room, [room]));
  await removeMember(node.engine, { actor: owner, chatId: room, userId: "ann" });
  const removed = arrivals.removed({ chatId: room, userId: "ann" });
  connect(new NotingClient("next page", room, [room]));
  await removed;
  expect(done).toEqual([`closed ${room}`, `page left ${room}`, "page ends: removed"]);
});

it("who is gone when Postgres has answered is counted out no more", async () => {
  const room = await newRoom();
  const arrivals = receive(new NotingClient("page", room, [room]));
  await removeMember(node.engine, { actor: owner, chatId: room, userId: "ann" });
  const removed = arrivals.removed({ chatId: room, userId: "ann" });
  connected.delete("page");
  await removed;
  expect(done).toEqual([]);
});

it("Postgres is asked until it answers, and not about those who have nothing open", async () => {
  const { counts, pool } = node.engine.database;
  const room = await newRoom();
  await removeMember(node.engine, { actor: owner, chatId: room, userId: "ann" });
  const before = counts.statements;
  await receive(new NotingClient("idle app", undefined)).removed({ chatId: room, userId: "ann" });
  expect(counts.statements).toBe(before);

  const arrivals = receive(new NotingClient("page", room, [room]));
  await pool.query("ALTER TABLE members RENAME TO members_away");
  const removed = arrivals.removed({ chatId: room, userId: "ann" });
  await until(() => warned > 0, "Postgres has failed");
  await pool.query("ALTER TABLE members_away RENAME TO members");
  await removed;
  expect(done).toEqual([`closed ${room}`, `page left ${room}`, "page ends: removed"]);
});

it("the others in an ordinary group are told that who was taken out looks on no more", async () => {
  const request = { type: "group", name: "team", memberIds: ["ann"] } as const;
  const { id: chatId } = await createChat(node.engine, { actor: owner, request });
  const arrivals = receive(new NotingClient("app", undefined, [chatId]));
  await removeMember(node.engine, { actor: owner, chatId, userId: "ann" });
  node.batches.splice(0);
  await arrivals.removed({ chatId, userId: "ann" });
  await arrivals.settle();
  expect(node.batches.flatMap(({ signals }) => signals)).toMatchObject([
    { chatId, audience: ["owner"], body: { name: "viewer.left", userId: "ann" } },
  ]);
});

it("is noticed once the chat's order has come to it, also by somebody who does not follow the chat yet", () => {
  const removed: string[] = [];
  fanOut = new FanOut({
    log,
    readMissed: async () => new Map(),
    readArrival: async () => null,
    onRemoved: ({ chatId, userId }) => void removed.push(`${userId} from ${chatId}`),
  });
  const [page, early] = [new NotingClient("page", "c"), new FanOutClient("early", "ben")];
  fanOut.follow(fanOut.users.add(page), [{ chatId: "c", rev: 4, seq: 0 }]);
  fanOut.users.add(early);
  const change = (
    rev: number,
    userId: string,
    name: "member.removed" | "member.added" = "member.removed",
  ) => ({
    chatId: "c",
    rev,
    seq: 0,
    audience: null,
    body: { name, userId },
  });
  const accept = (...changes: Change[]) => fanOut.accept({ changes, signals: [] });
  accept(change(6, "ann"));
  expect(removed).toEqual([]);
  accept(change(5, "cid", "member.added"));
  expect(removed).toEqual(["ann from c"]);
  accept(change(7, "ben"));
  expect(removed).toEqual(["ann from c", "ben from c"]);
  accept(change(8, "nobody"));
  expect(removed).toHaveLength(2);
  fanOut.close();
});
