import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isA, type MatchaPerson, matchaPerson } from "../matcha-person.js";
import { connectRaw, type RawClient } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";
import { untilNamed } from "../until-named.js";

/** The Matcha chat service's own document, from its first heading to its last, against two nodes. */

let cluster: TestCluster;
/** On one node each. */
let ana: MatchaPerson;
let ben: MatchaPerson;
let conversation: number;
const open: RawClient[] = [];

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

async function connect(person: MatchaPerson): Promise<RawClient> {
  const client = await person.connect();
  open.push(client);
  return client;
}

async function introduce(...people: MatchaPerson[]): Promise<void> {
  for (const person of people) await person.ask("GET", "/conversations");
  await untilNamed(
    cluster.databaseUrl,
    people.map(({ id }) => String(id)),
  );
}

const ok = (data: unknown, status = 200) => ({ status, body: { success: true, data } });

beforeAll(async () => {
  cluster = await startTestCluster({ TYPING_TIMEOUT_MS: "300" });
  ana = matchaPerson({ url: cluster.urls[0], id: 1, name: "Ana Lopez" });
  ben = matchaPerson({ url: cluster.urls[1], id: 2, name: "Ben" });
  await introduce(ana, ben);
});

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(async () => {
  await cluster?.stop();
});

describe("📡 API Endpoints · Authentification", () => {
  it("every call needs the token and X-User-ID", async () => {
    expect(await ana.ask("GET", "/conversations")).toMatchObject(ok([]));
    const url = `${cluster.urls[0]}/api/v1/chat/conversations`;
    for (const headers of [
      {},
      { "x-user-id": "1" },
      { authorization: `Bearer ${ana.token}` },
      { authorization: `Bearer ${ana.token}`, "x-user-id": "2" },
    ]) {
      const answer = await fetch(url, { headers });
      expect([answer.status, await answer.json()]).toEqual([
        401,
        { success: false, error: expect.any(String) },
      ]);
    }
  });
});

describe("📡 API Endpoints · Conversations", () => {
  it("Créer une conversation", async () => {
    const created = await ana.ask<{ id: number }>("POST", "/conversations", { user_id: 2 });
    conversation = created.body.data.id;
    expect(created).toMatchObject(ok({ id: expect.any(Number) }, 201));
    expect(created.body.data).toEqual({
      id: conversation,
      user1_id: 1,
      user2_id: 2,
      last_message_content: null,
      last_message_at: null,
      unread_count: 0,
      other_user: { id: 2, username: "Ben", first_name: "Ben", last_name: "", avatar: null },
      created_at: TIME,
      updated_at: TIME,
    });
    const again = await ben.ask<{ id: number }>("POST", "/conversations", { user_id: 1 });
    expect([again.status, again.body.data.id]).toEqual([201, conversation]);
    expect(await ana.ask("POST", "/conversations", { user_id: 1 })).toMatchObject({
      status: 400,
      body: { success: false, error: expect.any(String) },
    });
  });

  it("Lister les conversations d'un utilisateur", async () => {
    await ana.ask("POST", "/messages", { conversation_id: conversation, message: "Salut !" });
    const listed = await ben.ask("GET", "/conversations");
    expect(listed.status).toBe(200);
    expect(listed.body).toEqual({
      success: true,
      data: [
        {
          id: conversation,
          user1_id: 1,
          user2_id: 2,
          last_message_content: "Salut !",
          last_message_at: TIME,
          unread_count: 1,
          other_user: {
            id: 1,
            username: "Ana Lopez",
            first_name: "Ana",
            last_name: "Lopez",
            avatar: null,
          },
          created_at: TIME,
          updated_at: TIME,
        },
      ],
    });
  });

  it("Récupérer une conversation", async () => {
    const listed = await ben.ask<unknown[]>("GET", "/conversations");
    const got = await ben.ask("GET", `/conversations/${conversation}`);
    expect([got.status, got.body]).toEqual([200, { success: true, data: listed.body.data[0] }]);
  });
});

describe("📡 API Endpoints · Messages", () => {
  it("Envoyer un message (HTTP)", async () => {
    const body = { conversation_id: conversation, message: "Salut, comment ça va ?" };
    const sent = await ana.ask("POST", "/messages", body);
    expect([sent.status, sent.body]).toEqual([
      201,
      {
        success: true,
        data: {
          message: {
            id: expect.any(Number),
            conv_id: conversation,
            sender_id: 1,
            msg: "Salut, comment ça va ?",
            time: TIME,
            read_at: null,
          },
          delivered: false,
          recipients: [2],
        },
      },
    ]);
    await connect(ben);
    // For the other node he may be present a moment later.
    await until(async () => {
      const { body } = await ana.ask<{ is_online: boolean }>("GET", "/users/2/presence");
      return body.data.is_online;
    }, "Ben is present");
    expect(await ana.ask("POST", "/messages", body)).toMatchObject(ok({ delivered: true }, 201));
  });

  it("Récupérer les messages d'une conversation", async () => {
    const path = `/conversations/${conversation}/messages`;
    const page = await ben.ask("GET", `${path}?limit=50&offset=0`);
    const text = (message: string) => ({
      id: expect.any(Number),
      conv_id: conversation,
      sender_id: 1,
      message,
      time: TIME,
      read_at: null,
    });
    const asked = text("Salut, comment ça va ?");
    expect([page.status, page.body.data]).toEqual([
      200,
      { messages: [text("Salut !"), asked, asked], has_more: false, total: 3 },
    ]);
    expect((await ben.ask("GET", path)).body).toEqual(page.body);
    const older = await ben.ask("GET", `${path}?limit=1&offset=1`);
    expect(older.body.data).toEqual({ messages: [asked], has_more: true, total: 3 });
  });

  it("Marquer les messages comme lus", async () => {
    const marked = await ben.ask("PUT", `/conversations/${conversation}/`);
    expect([marked.status, marked.body]).toEqual([
      200,
      { success: true, data: { conversation_id: conversation, unread_count: 0 } },
    ]);
    expect(await ben.ask("GET", "/conversations")).toMatchObject(ok([{ unread_count: 0 }]));
    const path = `/conversations/${conversation}/messages`;
    const { body } = await ana.ask<{ messages: Array<{ read_at: unknown }> }>("GET", path);
    expect(body.data.messages.map(({ read_at }) => read_at)).toEqual([TIME, TIME, TIME]);
    await ana.ask("POST", "/messages", { conversation_id: conversation, message: "encore" });
    expect(await ben.ask("GET", "/conversations")).toMatchObject(ok([{ unread_count: 1 }]));
    expect((await ben.ask("PUT", `/conversations/${conversation}/read`)).body).toEqual(marked.body);
    expect(await ben.ask("GET", "/conversations")).toMatchObject(ok([{ unread_count: 0 }]));
  });
});

describe("🔌 WebSocket", () => {
  it("Connexion · Confirmation de connexion", async () => {
    const client = await connect(ana);
    expect(client.heard[0]).toEqual({
      type: "connected",
      data: { user_id: 1, status: "connected" },
      timestamp: TIME,
    });
    const browser = await connectRaw(`${cluster.urls[0]}/api/v1/chat/ws?token=${ana.token}`);
    open.push(browser);
    expect(await browser.hear(isA("connected"))).toMatchObject({ data: { user_id: 1 } });
  });

  it("1. Envoyer un message · Nouveau message", async () => {
    const [sender, second, other] = [await connect(ana), await connect(ana), await connect(ben)];
    sender.send({ type: "send_message", conversation_id: conversation, content: "Hello world!" });
    const heard = await other.hear(isA("new_message"));
    expect(heard).toEqual({
      type: "new_message",
      conversation_id: conversation,
      data: {
        id: expect.any(Number),
        sender_id: 1,
        message: "Hello world!",
        timestamp: TIME,
        read_at: null,
      },
      timestamp: TIME,
    });
    for (const client of [sender, second]) {
      expect(await client.hear(isA("new_message"))).toEqual({ ...heard, timestamp: TIME });
    }
  });

  it("2. Rejoindre une conversation", async () => {
    expect(await ben.ask("GET", "/conversations")).toMatchObject(ok([{ unread_count: 1 }]));
    const client = await connect(ben);
    client.send({ type: "join_conversation", conversation_id: conversation });
    expect(await client.ask({ type: "ping" }, isA("pong"))).toEqual({ type: "pong", timestamp: TIME });
    expect(await ben.ask("GET", "/conversations")).toMatchObject(ok([{ unread_count: 0 }]));
    expect(client.heard.filter(isA("error"))).toEqual([]);
  });

  it("3. Notification de frappe", async () => {
    const [typist, other] = [await connect(ana), await connect(ben)];
    typist.send({ type: "typing", conversation_id: conversation, is_typing: true });
    expect(await other.hear(isA("typing"))).toEqual({
      type: "typing",
      conversation_id: conversation,
      data: { user_id: 1, is_typing: true },
      timestamp: TIME,
    });
    typist.send({ type: "typing", conversation_id: conversation, is_typing: false });
    await other.hear(isA("typing", { is_typing: false }));
    await typist.ask({ type: "ping" }, isA("pong"));
    expect(typist.heard.filter(isA("typing"))).toEqual([]);
  });
});

describe("🔒 Sécurité", () => {
  it("Vérification des permissions pour chaque conversation", async () => {
    const eve = matchaPerson({ url: cluster.urls[0], id: 3 });
    expect(await ana.ask("GET", `/conversations/${conversation}`)).toMatchObject({ status: 200 });
    expect(await eve.ask("GET", `/conversations/${conversation}`)).toMatchObject({
      status: 403,
      body: { success: false, error: expect.any(String) },
    });
    expect(await eve.ask("GET", "/conversations/999999")).toMatchObject({ status: 404 });
  });

  it("Validation des payloads JSON", async () => {
    const client = await connect(ana);
    const error = await client.ask("{", isA("error"));
    expect(error).toEqual({
      type: "error",
      data: { code: "invalid_json", message: expect.any(String) },
      timestamp: TIME,
    });
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });
});

describe("📈 Performance · Limites recommandées", () => {
  it("Messages par conversation : 1000 par page max · Taille des messages : 1000 caractères max", async () => {
    const { body } = await ana.ask<{ id: number }>("POST", "/conversations", { user_id: 4 });
    const id = body.data.id;
    const client = await connect(ana);
    for (let turn = 1; turn <= 1_010; turn++) {
      client.send({ type: "send_message", conversation_id: id, content: `${turn}` });
      // No more at once than a client may leave lying unread.
      if (turn % 100 === 0) {
        await client.hear(isA("new_message", { message: `${turn}` }));
      }
    }
    await client.hear(isA("new_message", { message: "1010" }));
    type Page = { messages: Array<{ message: string }>; has_more: boolean; total: number };
    const page = await ana.ask<Page>("GET", `/conversations/${id}/messages?limit=5000`);
    const { messages, has_more, total } = page.body.data;
    expect([messages.length, messages[0]?.message, messages.at(-1)?.message]).toEqual([1_000, "11", "1010"]);
    expect([has_more, total]).toEqual([true, 1_010]);
    const rest = await ana.ask<Page>("GET", `/conversations/${id}/messages?limit=1000&offset=1000`);
    expect(rest.body.data.messages.map(({ message }) => message)).toEqual(
      Array.from({ length: 10 }, (_, index) => `${index + 1}`),
    );
    expect(rest.body.data).toMatchObject({ has_more: false, total: 1_010 });
    const fits = { conversation_id: id, message: "é😀".repeat(500) };
    expect(await ana.ask("POST", "/messages", fits)).toMatchObject(
      ok({ message: { msg: fits.message } }, 201),
    );
    expect(await ana.ask("POST", "/messages", { ...fits, message: `${fits.message}.` })).toMatchObject({
      status: 400,
    });
  });
});
