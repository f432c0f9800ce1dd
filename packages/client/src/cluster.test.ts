import type { MessageShape } from "@parley/contracts";
import { restClient, startTestCluster, type TestCluster, testToken, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ClientOptions, createClient, memoryStore, type ParleyClient } from "./index.js";

let cluster: TestCluster;
const open: ParleyClient[] = [];

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await cluster?.stop();
});

let names = 0;
const someone = (what: string) => `${what}-${++names}`;

function connect(userId: string, options: Partial<ClientOptions> = {}): ParleyClient {
  const client = createClient({ url: cluster.url, userId, token: () => testToken({ userId }), ...options });
  open.push(client);
  return client;
}

async function createGroup(...members: string[]): Promise<string> {
  const rest = restClient(cluster.url, { userId: members[0] ?? "" });
  const body = { type: "group", name: "test", member_ids: members };
  return (await rest.request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

async function history(chatId: string, userId: string): Promise<MessageShape[]> {
  const rest = restClient(cluster.url, { userId });
  const all: MessageShape[] = [];
  for (let more = true; more; ) {
    const path = `/v1/chat/${chatId}/messages?after_seq=${all.length}&limit=200`;
    const { body } = await rest.request<{ messages: MessageShape[]; hasMore: boolean }>("GET", path);
    all.push(...body.messages);
    more = body.hasMore;
  }
  return all;
}

const shown = (client: ParleyClient, chatId: string) =>
  client.timeline(chatId).map(({ message, status }) => `${message.seq} ${message.content} ${status}`);

/** Every new message that a client tells of a chat. */
function listen(client: ParleyClient, chatId: string): number[] {
  const heard: number[] = [];
  client.on("message", (event) => {
    if (event.chatId === chatId) heard.push(event.message.seq);
  });
  return heard;
}

it("searches, and says where the words stand", async () => {
  const [ana, ben] = [someone("ana"), someone("ben")];
  const chatId = await createGroup(ana, ben);
  const client = connect(ana);
  await client.ready();
  await client.send(chatId, "Where is the Café?").stored();
  const { results, next_cursor: next } = await client.search("cafe", { chat_id: chatId, from: ana });
  const found = results.map(({ message: { content }, highlights }) =>
    highlights.map(({ start, end }) => content.slice(start, end)),
  );
  expect([found, next]).toEqual([[["Café"]], null]);
  await expect(client.search("!")).rejects.toMatchObject({ code: "invalid_input" });
});

/** Writes without a pause, with a few messages on their way at any time, until it is stopped. */
function keepSending(client: ParleyClient, chatId: string) {
  const stored: MessageShape[] = [];
  let going = true;
  const line = async (name: number) => {
    for (let index = 0; going; index++) {
      stored.push(await client.send(chatId, `${client.userId} ${name} ${index}`).stored());
    }
  };
  const lines = [line(1), line(2), line(3)];
  return {
    stored,
    stop: async () => {
      going = false;
      await Promise.all(lines);
    },
  };
}

/** What everyone must see in the end: all that was stored, once, in one order, and nothing that is still on its way. */
async function expectComplete(clients: Array<{ client: ParleyClient; heard: number[] }>, chatId: string) {
  const all = await history(chatId, clients[0]?.client.userId ?? "");
  expect(all.map((message) => message.seq)).toEqual(all.map((_, index) => index + 1));
  expect(new Set(all.map((message) => message.client_id)).size).toBe(all.length);
  for (const { client, heard } of clients) {
    const newest = () => client.chat(chatId)?.last_message?.seq === all.length;
    await until(newest, `${client.userId} has everything`);
    expect(heard).toEqual(all.map((message) => message.seq));
    while (await client.loadOlder(chatId));
    const entries = client.timeline(chatId);
    expect(entries.map((entry) => entry.message.id)).toEqual(all.map((message) => message.id));
    expect(entries.every((entry) => entry.status === "stored")).toBe(true);
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(entries.length);
  }
  return all;
}

describe("two people", () => {
  it("write, edit, react, read and type", async () => {
    const [annId, benId] = [someone("ann"), someone("ben")];
    const [ann, ben] = [connect(annId), connect(benId)];
    await Promise.all([ann.ready(), ben.ready()]);
    const chat = await ann.request("POST /v1/chat", {
      body: { type: "group", name: "Two", member_ids: [benId] },
    });
    await until(() => ben.chat(chat.id) && ann.chat(chat.id), "both learn of the chat");
    const typing: boolean[] = [];
    ben.on("typing", (event) => typing.push(event.typing));
    ann.typing(chat.id);
    const sending = ann.send(chat.id, "hello");
    expect(shown(ann, chat.id)).toEqual(["0 hello pending"]);
    const message = await sending.stored();
    await until(() => ben.unread() === 1, "ben sees it");
    expect(shown(ann, chat.id)).toEqual(["1 hello stored"]);
    await until(() => typing.join() === "true,false", "ann has typed and stopped");
    ben.markRead(chat.id);
    expect(ben.unread()).toBe(0);
    const readByBen = () => ann.chat(chat.id)?.members.find((one) => one.user_id === benId)?.read_seq === 1;
    await until(readByBen, "ann sees that it was read");
    await ann.edit(chat.id, message.id, "hello, Ben");
    await ben.react(chat.id, message.id, "👋");
    await until(() => ann.timeline(chat.id)[0]?.message.reactions?.length === 1, "ann sees the wave");
    await until(() => ben.timeline(chat.id)[0]?.message.content === "hello, Ben", "ben sees the edit");
    expect((await ann.presence([benId]))[0]).toMatchObject({ userId: benId });
    await ann.delete(chat.id, message.id);
    await until(() => ben.timeline(chat.id)[0]?.message.deleted_at, "ben sees it go");
    const refused = ann.edit(chat.id, message.id, "again");
    await expect(refused).rejects.toMatchObject({ code: "message_deleted", retryable: false });
  });
});

describe("somebody who comes into a chat", () => {
  it("is told everything since then, also when they speak before anything else, and is seen to get it", async () => {
    const [annId, benId] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(annId);
    const [ann, ben] = [connect(annId), connect(benId)];
    const heard = listen(ben, chatId);
    await Promise.all([ann.ready(), ben.ready()]);
    await ann.send(chatId, "before").stored();
    await ann.request("POST /v1/chat/{id}/members", { params: { id: chatId }, body: { user_ids: [benId] } });
    const sent = ["one", "two"].map((text) => ann.send(chatId, text).stored());
    await Promise.all([...sent, ben.send(chatId, "thanks").stored()]);
    const last = await ann.send(chatId, "welcome").stored();
    await until(() => heard.includes(last.seq), "ben is told of the last one");
    expect(heard).toEqual([2, 3, 4, 5]);
    expect(shown(ben, chatId)).toHaveLength(5);
    const got = () => ann.chat(chatId)?.members.find((one) => one.user_id === benId);
    await until(() => got()?.delivered_seq === last.seq, "ann sees that it has got to ben");
    expect(got()?.read_seq).toBeLessThan(last.seq);
  });
});

describe("a node that dies with kill -9 under load", () => {
  it("loses nothing, and nothing is told or shown twice", async () => {
    const members = ["ann", "ben", "cid", "dee"].map(someone);
    const chatId = await createGroup(...members);
    const clients = await Promise.all(
      members.map(async (userId) => {
        const client = connect(userId);
        const heard = listen(client, chatId);
        await client.ready();
        return { client, heard };
      }),
    );
    const senders = clients.map(({ client }) => keepSending(client, chatId));
    const atLeast = (count: number) => () => senders.every((sender) => sender.stored.length >= count);
    for (const round of [1, 2]) {
      await until(atLeast(round * 60), `everyone has stored ${round * 60}`);
      const node = cluster.nodes[round - 1];
      await node?.kill("SIGKILL");
      await until(atLeast(round * 60 + 30), "everyone goes on, on the other node");
      await node?.restart();
    }
    await Promise.all(senders.map((sender) => sender.stop()));
    const all = await expectComplete(clients, chatId);
    const byId = new Map(all.map((message) => [message.id, message.seq]));
    for (const sender of senders) {
      for (const message of sender.stored) expect(byId.get(message.id)).toBe(message.seq);
      // Each writer's messages stand in the order of writing, line by line.
      for (const line of ["1", "2", "3"]) {
        const mine = sender.stored.filter((message) => message.content.split(" ")[1] === line);
        expect(mine.map((message) => message.seq)).toEqual(
          mine.map((message) => message.seq).toSorted((left, right) => left - right),
        );
      }
    }
  });
});

describe("a node that drains", () => {
  it("is left and come back to without a failed send", async () => {
    const members = ["ann", "ben"].map(someone);
    const chatId = await createGroup(...members);
    const clients = await Promise.all(
      members.map(async (userId) => {
        const client = connect(userId);
        const failures: unknown[] = [];
        client.on("message_failed", (event) => failures.push(event));
        const heard = listen(client, chatId);
        await client.ready();
        return { client, heard, failures };
      }),
    );
    const senders = clients.map(({ client }) => keepSending(client, chatId));
    for (const node of cluster.nodes) {
      const before = senders.map((sender) => sender.stored.length);
      await node.stop();
      const goesOn = () => senders.every((sender, at) => sender.stored.length > (before[at] ?? 0) + 20);
      await until(goesOn, "everyone goes on, on the other node");
      await node.restart();
    }
    await Promise.all(senders.map((sender) => sender.stop()));
    await expectComplete(clients, chatId);
    expect(clients.flatMap((one) => one.failures)).toEqual([]);
  });
});

describe("a token", () => {
  /** Somebody whose first token lasts for so many seconds, and who counts how often they were asked for one. */
  async function withToken(seconds: number) {
    const userId = someone("ann");
    const chatId = await createGroup(userId);
    let asked = 0;
    const token = () => testToken({ userId, expiresIn: ++asked === 1 ? seconds : 3_600 });
    return { client: connect(userId, { token }), chatId, asked: () => asked };
  }

  it("that has expired is replaced once for everyone who needs it", async () => {
    const { client, chatId, asked } = await withToken(-60);
    const path = { params: { id: chatId } };
    await Promise.all([
      client.ready(),
      ...Array.from({ length: 20 }, () => client.request("GET /v1/chat/{id}", path)),
    ]);
    expect(asked()).toBe(2);
  });

  it("is replaced once on a live connection, when the server says that it has expired", async () => {
    const { client, chatId, asked } = await withToken(2);
    await client.ready();
    const statuses: string[] = [];
    client.on("status", ({ status }) => statuses.push(status));
    await until(() => asked() === 2, "the server says that it has expired");
    const results = await Promise.all([
      client.send(chatId, "still here").stored(),
      client.setPresence("online"),
      client.request("GET /v1/chat/my-chats"),
    ]);
    expect(results[0]).toMatchObject({ seq: 1 });
    expect(asked()).toBe(2);
    expect(statuses).toEqual([]);
  });
});

describe("what is written offline", () => {
  it("is delivered after the next start, with the same client ids, from the same store", async () => {
    const userId = someone("ann");
    const chatId = await createGroup(userId);
    const store = memoryStore();
    const before = connect(userId, { store });
    await before.ready();
    await before.send(chatId, "online").stored();
    await before.close();

    const offline = connect(userId, { store, url: "http://127.0.0.1:9" });
    await until(() => offline.chat(chatId), "the chats are there without a connection");
    const written = ["one", "two", "three"].map((text) => offline.send(chatId, text).clientId);
    expect(shown(offline, chatId)).toEqual([
      "1 online stored",
      "0 one pending",
      "0 two pending",
      "0 three pending",
    ]);
    await offline.close();

    const after = connect(userId, { store });
    const done = () => {
      const entries = after.timeline(chatId);
      return entries.length === 4 && entries.every((one) => one.status === "stored");
    };
    await until(done, "all is stored");
    expect(shown(after, chatId)).toEqual([
      "1 online stored",
      "2 one stored",
      "3 two stored",
      "4 three stored",
    ]);
    const all = await history(chatId, userId);
    expect(all.slice(1).map((message) => message.client_id)).toEqual(written);
  });
});

describe("two tabs with one store", () => {
  it("send each message once and show it once, also when the leading one closes", async () => {
    const userId = someone("ann");
    const chatId = await createGroup(userId);
    const store = memoryStore();
    const [first, second] = [connect(userId, { store }), connect(userId, { store })];
    const tabs = [first, second].map((client) => ({ client, heard: listen(client, chatId) }));
    await Promise.all([first.ready(), second.ready()]);
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    const stored = texts.map((text, index) => (index % 2 ? first : second).send(chatId, text).stored());
    await Promise.all(stored);
    await expectComplete(tabs, chatId);
    const last = first.send(chatId, "last words");
    await first.close();
    await until(() => second.chat(chatId)?.last_seq === 21, "the other tab has it");
    await second.send(chatId, "the heir").stored();
    const all = await history(chatId, userId);
    expect(all).toHaveLength(22);
    expect(all[20]?.client_id).toBe(last.clientId);
    expect(second.timeline(chatId).filter((one) => one.status !== "stored")).toEqual([]);
  });
});
