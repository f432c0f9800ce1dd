import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  connectRaw,
  type Nginx,
  restClient,
  startTestCluster,
  TEST_GATEWAY_SECRET,
  type TestCluster,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createGatewayAuthenticator } from "../../apps/api/src/auth/create-gateway-authenticator.js";
import { gatewayRequestOf } from "../../apps/api/src/auth/gateway-request.js";
import { startGateway } from "./start-gateway.js";

const MINJI = {
  userId: "user-7",
  name: "김민지 100%",
  email: "minji+1@p.example",
  picture: "https://p.example/민지.png",
};
const IDENTITY = { userId: MINJI.userId, name: MINJI.name, email: MINJI.email, picture: MINJI.picture };
/** Whatever says who somebody is, or that it comes from a gateway. */
const FORGED = {
  "X-User-Id": "boss",
  "X-Nickname": "Boss",
  "X-Email": "boss@p.example",
  "X-Profile-Url": "/boss.png",
  "X-Token-Expires": "99999999999",
  "X-Gateway-Secret": "guessed",
  "X-Gateway-Timestamp": "1",
  "X-Gateway-Signature": "0",
  "X-Original-URI": "/ws/chat/1/chat/?token=x",
};

let cluster: TestCluster;
let chat: Chat;
let nginx: Nginx;

beforeAll(async () => {
  cluster = await startTestCluster({ REQUESTS_PER_MINUTE: "60", REQUESTS_BURST: "200" });
  chat = await startChat();
  nginx = await startGateway({ auth: portOf(cluster.urls[0]), chat: chat.port });
});

afterAll(async () => {
  await nginx?.stop();
  chat?.server.closeAllConnections();
  chat?.server.close();
  await cluster?.stop();
});

describe("a request", () => {
  test("with a good token gets through with the identity of the token, Korean and all", async () => {
    const answer = await ask({ path: "/chat/v1/rooms/?page=2", headers: bearer(MINJI) });
    expect(answer.status).toBe(200);
    expect(answer.seen).toEqual({ identity: IDENTITY, url: "/chat/v1/rooms/?page=2", body: "" });
  });

  test("brings its body, and nothing that was for the gateway alone", async () => {
    const body = JSON.stringify({ name: "방", post_id: 1 });
    const headers = { ...bearer(MINJI), Cookie: "session=1", "Content-Type": "application/json" };
    const answer = await ask({ method: "POST", path: "/chat/v1/create-room/", headers, body });
    expect(answer.seen).toEqual({ identity: IDENTITY, url: "/chat/v1/create-room/", body });
    const got = chat.last?.headers ?? {};
    expect([got.authorization, got.cookie, got["x-original-uri"], got["content-type"]]).toEqual([
      undefined,
      undefined,
      undefined,
      "application/json",
    ]);
    expect(got["x-forwarded-for"]).toBe("127.0.0.1");
  });

  test.each(["", "chunked"])(
    "with a body (%s) leaves nothing behind on the gateway's connections",
    async (coding) => {
      const headers = { ...bearer(MINJI), ...(coding && { "Transfer-Encoding": coding }) };
      for (let count = 0; count < 5; count++) {
        const body = "GET /v1/admin/users HTTP/1.1\r\n\r\n";
        const posted = await ask({ method: "POST", path: "/chat/v1/message/", headers, body });
        expect([posted.status, posted.seen?.body]).toEqual([200, body]);
        expect((await ask({ path: "/chat/v1/rooms/", headers: bearer(MINJI) })).status).toBe(200);
      }
    },
  );

  test("can forge nothing: what it claims is replaced", async () => {
    const answer = await ask({ path: "/chat/v1/rooms/", headers: { ...FORGED, ...bearer(MINJI) } });
    expect([answer.status, answer.seen?.identity]).toEqual([200, IDENTITY]);
    expect(chat.last?.headersDistinct["x-user-id"]).toEqual([MINJI.userId]);
  });

  test("brings when its token runs out, and not what it claims about that", async () => {
    const before = Math.floor(Date.now() / 1_000);
    const headers = { ...FORGED, ...bearer({ ...MINJI, expiresIn: 100 }) };
    expect((await ask({ path: "/chat/v1/rooms/", headers })).status).toBe(200);
    const [expires, ...others] = chat.last?.headersDistinct["x-token-expires"] ?? [];
    expect(others).toEqual([]);
    expect(Number(expires) - before).toBeGreaterThanOrEqual(100);
    expect(Number(expires) - before).toBeLessThan(200);
    const asked = await ask({ method: "OPTIONS", path: "/chat/v1/rooms/", headers: FORGED });
    expect([asked.status, chat.last?.headers["x-token-expires"]]).toEqual([400, undefined]);
  });

  test("can't fill in what the token leaves out", async () => {
    const headers = { ...FORGED, ...bearer({ userId: "user-8", name: "Ann" }) };
    const answer = await ask({ path: "/chat/v1/rooms/", headers });
    expect([answer.status, answer.text]).toEqual([400, "email"]);
    const query = "?email=boss%40p.example&user_id=boss";
    expect((await ask({ path: `/chat/v1/rooms/${query}`, headers })).text).toBe("email");
    expect((await upgrade({ path: `/ws/chat/1/chat/${query}`, headers })).text).toBe("email");
    const disguised = { ...headers, Upgrade: "websocket", Connection: "Upgrade" };
    expect((await ask({ path: `/chat/v1/rooms/${query}`, headers: disguised })).text).toBe("email");
  });

  test.each<[string, Record<string, string>, number]>([
    ["no token", {}, 401],
    ["a bad token", { Authorization: "Bearer x.y.z" }, 401],
    ["a token that is over", bearer({ ...MINJI, expiresIn: -60 }), 401],
    ["another kind of credentials", { Authorization: "Basic dTpw" }, 401],
  ])("with %s is refused by the gateway, whatever it claims", async (_what, headers, status) => {
    const before = chat.count;
    for (const path of ["/chat/v1/rooms/", `/chat/v1/rooms/?token=${testToken(MINJI)}`]) {
      const answer = await ask({ path, headers: { ...FORGED, ...headers } });
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        status,
        { detail: "A valid token is needed." },
      ]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(chat.count).toBe(before);
  });

  test("of somebody who is blocked is refused", async () => {
    const token = bearer({ userId: "blocked-9", name: "X", email: "x@p.example" });
    expect((await ask({ path: "/chat/v1/rooms/", headers: token })).status).toBe(200);
    const admin = restClient(cluster.urls[0], { userId: "operator", role: "admin" });
    await admin.request("PUT", "/v1/admin/users/blocked-9/block");
    const isBlocked = async () => (await ask({ path: "/chat/v1/rooms/", headers: token })).status === 403;
    await until(isBlocked, "the gateway has heard of it");
  });

  test("of somebody who asks too often is told so", async () => {
    const headers = bearer({ userId: "busy-1", name: "B", email: "b@p.example" });
    const answers = await Promise.all(
      Array.from({ length: 230 }, () => ask({ path: "/chat/v1/rooms/", headers })),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 429]);
  });

  test.each([
    "/v1/auth/verify",
    "/verify-token",
    "/metrics",
    "/",
    "/v1/..%2Fchat/v1/rooms/",
    "/v1/../chat/v1/rooms/",
    "//chat/v1/rooms/",
    "/chat/v1/../../v1/chat",
  ])("of %s leads nowhere", async (path) => {
    const before = chat.count;
    expect((await ask({ path, headers: bearer(MINJI) })).status).toBe(404);
    expect(chat.count).toBe(before);
  });

  test("of a browser whether it may ask gets through, as nobody's", async () => {
    const answer = await ask({ method: "OPTIONS", path: "/chat/v1/rooms/", headers: FORGED });
    expect([answer.status, answer.text]).toEqual([400, "user_id,nickname,email"]);
  });
});

describe("a WebSocket", () => {
  test("opens with the token of its URI, and with the identity of the token", async () => {
    const path = `/ws/chat/1/chat/?token=${testToken(MINJI)}&user_id=boss&nickname=Boss&email=b&profile_url=%2Fb`;
    const answer = await upgrade({ path, headers: FORGED });
    expect(answer.status).toBe(101);
    expect(answer.seen).toEqual({ identity: IDENTITY, url: "/ws/chat/1/chat/", body: "" });
    expect(answer.echo).toBe("hello through the gateway");
  });

  test("opens with a header as well", async () => {
    const answer = await upgrade({ path: "/ws/chat/1/chat/", headers: bearer(MINJI) });
    expect([answer.status, answer.seen?.identity]).toEqual([101, IDENTITY]);
  });

  test.each(["", "?token=", "?token=x.y.z", `?user_id=1&nickname=a&email=b`])(
    "with %j is refused",
    async (query) => {
      const before = chat.count;
      expect((await upgrade({ path: `/ws/chat/1/chat/${query}`, headers: FORGED })).status).toBe(401);
      expect(chat.count).toBe(before);
    },
  );
});

test("a token opens a real room, over REST and a WebSocket, and its address leads back through the gateway", async () => {
  const gateway = await startGateway({ auth: portOf(cluster.urls[0]), chat: portOf(cluster.urls[1]) });
  onTestFinished(() => gateway.stop());
  const body = JSON.stringify({ name: "방", post_id: 1 });
  const headers = { ...bearer(MINJI), "Content-Type": "application/json" };
  const creating = { url: gateway.url, method: "POST", path: "/chat/v1/create-room/", headers, body };
  const made = await ask(creating);
  expect(made.status).toBe(201);
  const room = JSON.parse(made.text) as { id: number; chat_url: string; owner: string };
  const { host } = new URL(gateway.url);
  expect(room).toMatchObject({ owner: MINJI.email, chat_url: `${host}/ws/chat/${room.id}/chat/` });
  const client = await connectRaw(`ws://${room.chat_url}?token=${testToken(MINJI)}&user_id=boss`);
  onTestFinished(() => client.close());
  const said = { type: "chat.message", message: "안녕하세요!" };
  expect(await client.ask(said, ({ type }) => type === "chat.message")).toMatchObject({
    ...said,
    sender: MINJI.email,
    nickname: MINJI.name,
    profile_picture_url: MINJI.picture,
  });
  const short = testToken({ ...MINJI, expiresIn: 2 });
  const late = await connectRaw(`ws://${room.chat_url}?token=${short}`);
  onTestFinished(() => late.close());
  await late.hear(({ code }) => code === "token_expired");
  const isAnswer = ({ type }: { type?: unknown }) => type === "error" || type === "reauthenticated";
  expect(await late.ask(said, isAnswer)).toMatchObject({ code: "token_expired" });
  const fresh = { type: "reauthenticate", token: testToken(MINJI) };
  expect(await late.ask(fresh, isAnswer)).toEqual({ type: "reauthenticated" });
  const nowhere = `ws://${host}/ws/chat/999999999/chat/?token=${testToken(MINJI)}`;
  await expect(connectRaw(nowhere)).rejects.toMatchObject({ status: 404 });
});

test("nothing that is secret stands in the log", async () => {
  await until(() => nginx.output().includes('"path":"/ws/chat/1/chat/"'), "the log is written");
  expect(nginx.output()).not.toContain(TEST_GATEWAY_SECRET);
  expect(nginx.output()).not.toContain("token=");
});

describe("without", () => {
  test("somebody who checks tokens nobody gets in, and who asks is told to come back", async () => {
    const blind = await startGateway({ auth: 1, chat: chat.port });
    const before = chat.count;
    const answer = await ask({ url: blind.url, path: "/chat/v1/rooms/", headers: bearer(MINJI) });
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("can not be checked")]);
    expect(chat.count).toBe(before);
    await blind.stop();
  });

  test("a chat who asks is told to come back", async () => {
    const lone = await startGateway({ auth: portOf(cluster.urls[0]), chat: 1 });
    const answer = await ask({ url: lone.url, path: "/chat/v1/rooms/", headers: bearer(MINJI) });
    expect([answer.status, answer.text]).toEqual([503, expect.stringContaining("can not be reached")]);
    const path = `/ws/chat/1/chat/?token=${testToken(MINJI)}`;
    expect((await ask({ url: lone.url, path })).status).toBe(503);
    // An upstream that is down is what nginx likes to write whole request lines about.
    await until(() => lone.output().includes('"path":"/ws/chat/1/chat/"'), "the log is written");
    expect(lone.output()).not.toContain("token=");
    await lone.stop();
  });
});

/** Stands for an api node: believes nobody without the proof, and tells whom it saw. */
interface Chat {
  server: Server;
  port: number;
  count: number;
  last: IncomingMessage | undefined;
}

interface Seen {
  identity: object;
  url: string;
  body: string;
}

async function startChat(): Promise<Chat> {
  const access = { assertAllowed: () => undefined };
  const config = { GATEWAY_SECRET: [TEST_GATEWAY_SECRET], GATEWAY_PROOF: true };
  const authenticator = createGatewayAuthenticator(config, { access });
  const look = (message: IncomingMessage, body: string): { status: number; text: string } => {
    started.count++;
    started.last = message;
    try {
      const { userId, name, email, picture } = authenticator.authenticate(gatewayRequestOf(message));
      const seen = { identity: { userId, name, email, picture }, url: message.url, body };
      return { status: 200, text: JSON.stringify(seen) };
    } catch (error) {
      const { status, errors } = error as { status: number; errors?: Array<{ path: string }> };
      return { status, text: errors?.map(({ path }) => path).join() ?? "" };
    }
  };
  const server = createServer(async (message, response) => {
    let body = "";
    for await (const chunk of message) body += chunk;
    const { status, text } = look(message, body);
    response.writeHead(status).end(text);
  });
  server.on("upgrade", (message, socket) => {
    const { status, text } = look(message, "");
    socket.on("error", () => undefined);
    if (status !== 200) {
      socket.end(
        `HTTP/1.1 ${status} No\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
      );
      return;
    }
    const saw = `X-Saw: ${encodeURIComponent(text)}`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${saw}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const started: Chat = { server, port: (server.address() as AddressInfo).port, count: 0, last: undefined };
  return started;
}

interface Sending {
  url?: string;
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  text: string;
  seen: Seen | undefined;
  echo?: string;
}

function ask({ url = nginx.url, body, ...what }: Sending): Promise<Answer> {
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(url);
    const sent = request({ hostname, port, agent: false, ...what }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        done({ status, headers, text, seen: status === 200 ? JSON.parse(text) : undefined });
      });
    });
    sent.on("error", fail);
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      fail(new Error("a plain request was upgraded"));
    });
    sent.end(body);
  });
}

/** Opens a WebSocket, sends some bytes and hears them come back. */
function upgrade({ path, headers = {} }: Sending): Promise<Answer> {
  const { hostname, port } = new URL(nginx.url);
  const handshake = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
  };
  return new Promise((done, fail) => {
    const sent = request(
      { hostname, port, agent: false, path, headers: { ...headers, ...handshake } },
      (refusal) => {
        let text = "";
        refusal.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        refusal.on("end", () =>
          done({ status: refusal.statusCode ?? 0, headers: refusal.headers, text, seen: undefined }),
        );
      },
    );
    sent.on("error", fail);
    sent.on("upgrade", (response, socket) => {
      const seen = JSON.parse(decodeURIComponent(String(response.headers["x-saw"])));
      socket.write("hello through the gateway");
      socket.once("data", (bytes: Buffer) => {
        socket.destroy();
        done({ status: 101, headers: response.headers, text: "", seen, echo: bytes.toString() });
      });
    });
    sent.end();
  });
}

function bearer(person: Parameters<typeof testToken>[0]): Record<string, string> {
  return { Authorization: `Bearer ${testToken(person)}` };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
