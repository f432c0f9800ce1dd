import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient, nativeClient } from "../native-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";

let cluster: TestCluster;
const open: NativeClient[] = [];

beforeAll(async () => {
  cluster = await startTestCluster();
}, 120_000);

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(async () => {
  await cluster?.stop();
}, 60_000);

let names = 0;
const someone = (what: string) => `${what}-${++names}`;

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
    const client = await connectNative(cluster.urls[0], {
      userId,
      token: testToken({ userId, expiresIn: 2 }),
    });
    open.push(client);
    expect(await client.ask("set_presence", { status: "online" })).toMatchObject({ ok: true });
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

  it("does not help on the default namespace", async () => {
    const client = nativeClient(cluster.urls[0], { userId: "x" });
    open.push(client);
    const root = client.socket.io.socket("/", { auth: { token: testToken({ userId: "x" }) } });
    root.connect();
    const error = await new Promise<Error>((resolve) => root.once("connect_error", resolve));
    expect(error.message).toContain("/chat");
  });
});
