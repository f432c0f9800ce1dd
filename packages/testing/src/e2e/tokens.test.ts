import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { gatewayCaller } from "../gateway-person.js";
import { connectNative, type NativeClient, nativeClient } from "../native-client.js";
import { connectRaw } from "../raw-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

let cluster: TestCluster;
const open: NativeClient[] = [];

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(async () => {
  await cluster?.stop();
});

let names = 0;
const someone = (what: string) => `${what}-${++names}`;

/** With a token that is good for one call and no longer than it has to be for that, which is longer on a busy machine. */
async function connectBriefly(userId: string): Promise<NativeClient> {
  let expiresIn = 1;
  return until(async () => {
    expiresIn *= 2;
    const token = testToken({ userId, expiresIn });
    const client = await connectNative(cluster.urls[0], { userId, token }).catch(() => undefined);
    if (client === undefined) return undefined;
    open.push(client);
    return (await client.ask("set_presence", { status: "online" })).ok && client;
  }, "a token lives long enough to be used");
}

describe("a token", () => {
  it("that is missing, wrong or expired is a connect_error with a code", async () => {
    const cases: Array<[string, string]> = [
      ["", "token_missing"],
      ["garbage", "token_invalid"],
      [testToken({ userId: "x", expiresIn: -60 }), "token_expired"],
    ];
    for (const [token, code] of cases) {
      const client = nativeClient(cluster.urls[0], { userId: "x", token });
      open.push(client);
      const error = await new Promise<Error & { data?: { code: string } }>((resolve) => {
        client.socket.once("connect_error", resolve);
      });
      expect(error.data?.code).toBe(code);
    }
  });

  it("that runs out on a live socket is told, refuses requests, and can be renewed", async () => {
    const userId = someone("short");
    const client = await connectBriefly(userId);
    await client.hear("token_expiring");
    expect(await client.ask("set_presence", { status: "online" })).toMatchObject({
      error: { code: "token_expired" },
    });
    const foreign = testToken({ userId: someone("other") });
    expect(await client.ask("reauthenticate", { token: foreign })).toMatchObject({
      error: { code: "forbidden" },
    });
    expect(await client.ask("reauthenticate", { token: testToken({ userId }) })).toMatchObject({ ok: true });
    expect(await client.ask("set_presence", { status: "online" })).toMatchObject({ ok: true });
  });

  it("of the id under which the chat itself speaks is refused on every contract, which says why", async () => {
    const [url] = cluster.urls;
    const why = expect.stringContaining("messages of the chat itself");
    const token = testToken({ userId: "system", role: "admin" });
    const nobody = nativeClient(url, { userId: "system", token });
    open.push(nobody);
    const error = await new Promise<Error & { data?: { code: string } }>((resolve) => {
      nobody.socket.once("connect_error", resolve);
    });
    expect(error).toMatchObject({ message: why, data: { code: "token_invalid" } });
    const headers = { authorization: `Bearer ${token}` };
    const native = await fetch(`${url}/v1/chat/my-chats`, { headers });
    expect(native.status).toBe(401);
    expect(await native.json()).toMatchObject({ code: "token_invalid", detail: why });
    const contracts = [
      { path: "/api/v1/chat/conversations", socket: "/api/v1/chat/ws", body: { success: false, error: why } },
      { path: "/api/chats", socket: "/ws", body: { error: why, code: "token_invalid" } },
      {
        path: "/api/chat/conversations?account=system",
        socket: "/ws/catchat",
        body: { code: 401, message: why },
      },
    ];
    for (const { path, socket, body } of contracts) {
      const answer = await fetch(`${url}${path}`, { headers });
      expect([path, answer.status, await answer.json()]).toEqual([path, 401, body]);
      await expect(connectRaw(`${url}${socket}?token=${token}`)).rejects.toMatchObject({ status: 401, body });
    }
  });

  it("is not what brings that id: no gateway and no operator speaks for it either, and both are told why", async () => {
    const [url] = cluster.urls;
    const why = expect.stringContaining("messages of the chat itself");
    const brought = gatewayCaller(url, { userId: "system" });
    const refusal = { status: 400, body: { user_id: [why] } };
    expect(await brought.call("/chat/v1/rooms/")).toMatchObject(refusal);
    await expect(brought.enter(1)).rejects.toMatchObject(refusal);

    const token = testToken({ userId: someone("boss"), role: "admin" });
    const forged = { from: "system", to: someone("victim"), content: "You have won", clientId: "f" };
    const calls: Array<[string, RequestInit]> = [
      ["/api/chat/messages", { method: "POST", body: JSON.stringify(forged) }],
      ["/api/chat/conversations?account=system", {}],
      ["/api/chat/messages/x?Account=system&MessageType=1", {}],
    ];
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    for (const [path, init] of calls) {
      const answer = await fetch(`${url}${path}`, { ...init, headers });
      expect([path, answer.status, await answer.json()]).toEqual([path, 403, { code: 403, message: why }]);
    }
    const boss = await connectRaw(`${url}/ws/catchat?token=${token}`);
    const answered = await boss.ask(forged);
    expect(answered).toEqual({ type: "error", code: 403, message: why, clientId: "f" });
    // In anybody else's name the same goes through.
    expect(await boss.ask({ ...forged, from: someone("shop") })).toMatchObject({ content: forged.content });
    boss.close();
  });

  it("does not help on the default namespace", async () => {
    const client = nativeClient(cluster.urls[0], { userId: "x" });
    open.push(client);
    const root = client.socket.io.socket("/", { auth: { token: testToken({ userId: "x" }) } });
    root.connect();
    const error = await new Promise<Error>((resolve) => root.once("connect_error", resolve));
    expect(error.message).toContain("/chat");
  });
});

describe("an administrator", () => {
  it("revokes what a user was given: live connections on every node end, fresh tokens work", async () => {
    const admin = restClient(cluster.urls[0], { userId: "root", role: "admin" });
    const userId = someone("revoked");
    const bystander = await connectNative(cluster.urls[1], { userId: someone("bystander") });
    const clients = await Promise.all(
      cluster.urls.map((url) => connectNative(url, { userId, reconnect: true })),
    );
    open.push(bystander, ...clients);
    const old = restClient(cluster.urls[1], { userId });
    expect((await old.request("GET", "/v1/chat/my-chats")).status).toBe(200);
    const { body } = await admin.request("POST", `/v1/admin/users/${userId}/revoke`);
    for (const client of clients) {
      expect(await client.hear("connection_ending")).toMatchObject({
        reason: "access_revoked",
        reconnect: false,
      });
    }
    await until(() => clients.every((client) => !client.socket.connected), "both connections have ended");
    const refused = await old.request("GET", "/v1/chat/my-chats");
    expect([refused.status, refused.body.code]).toEqual([401, "token_revoked"]);
    expect(bystander.socket.connected).toBe(true);
    // Tokens know whole seconds: a new one is good from the next second on.
    await until(
      () => Date.now() > Math.ceil((Date.parse(String(body.revoked_before)) + 1) / 1_000) * 1_000,
      "a second is over",
    );
    open.push(await connectNative(cluster.urls[0], { userId }));
  });

  it("blocks a user whatever token they show, and lets them in again; others may not", async () => {
    const admin = restClient(cluster.urls[0], { userId: "root", role: "admin" });
    const userId = someone("blocked");
    const client = await connectNative(cluster.urls[1], { userId });
    open.push(client);
    const path = `/v1/admin/users/${userId}/block`;
    const user = restClient(cluster.urls[1], { userId });
    expect((await user.request("PUT", path)).status).toBe(403);
    expect((await admin.request("PUT", path)).body).toEqual({ user_id: userId, blocked: true });
    await until(() => !client.socket.connected, "the connection has ended");
    const refused = await user.request("GET", "/v1/chat/my-chats");
    expect([refused.status, refused.body.code]).toEqual([403, "user_blocked"]);
    await expect(connectNative(cluster.urls[1], { userId })).rejects.toMatchObject({
      data: { code: "user_blocked" },
    });
    await admin.request("DELETE", path);
    await until(
      async () => (await user.request("GET", "/v1/chat/my-chats")).status === 200,
      "they may come in again",
    );
  });
});
