import { createHmac } from "node:crypto";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Identity, ParleyError } from "@parley/contracts";
import type { UserAccess } from "@parley/engine";
import { createLogger, parseConfig } from "@parley/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApi } from "../app.js";
import { apiConfigSchema } from "../config.js";
import { AccessList } from "./access-list.js";
import { createGatewayAuthenticator } from "./create-gateway-authenticator.js";
import { type GatewayRequest, gatewayRequestOf } from "./gateway-request.js";

const SECRET = "a-gateway-secret-of-more-than-32-bytes";
const NEXT = "the-next-gateway-secret-of-more-than-32";
const NOW = 1_900_000_000;
const WITH_SECRET = { "x-gateway-secret": SECRET };
const MINJI = { "x-user-id": "7", "x-nickname": encodeURIComponent("민지"), "x-email": "minji@p.example" };
const WHO = {
  userId: "7",
  role: "user",
  isRoleAssumed: true,
  name: "민지",
  email: "minji@p.example",
  issuedAt: NOW,
};
const QUERY = "user_id=7&nickname=%EB%AF%BC%EC%A7%80&email=minji%40p.example";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
let changed: UserAccess[] = [];
const access = new AccessList({ readAccess: async () => ({ changed, next: "0" }), log: silent });
const config = { GATEWAY_SECRET: [SECRET, NEXT], GATEWAY_PROOF: true };

describe("a proof", () => {
  test("by the secret is taken, also by the one that comes next", () => {
    for (const secret of [SECRET, NEXT]) {
      expect(authenticate({ headers: { "x-gateway-secret": secret, ...MINJI } })).toEqual(WHO);
    }
  });

  test.each([
    "",
    "x",
    SECRET.slice(1),
    `${SECRET}x`,
    SECRET.toUpperCase(),
    `${SECRET},${NEXT}`,
    "x".repeat(8_000),
  ])("by another secret is none (%#)", (secret) => {
    refused({ headers: { "x-gateway-secret": secret, ...MINJI } }, "gateway_proof_invalid");
  });

  test("may be of bytes beyond ASCII", () => {
    const secret = "geheimer-schlüssel-für-das-gateway";
    const gateway = createGatewayAuthenticator({ GATEWAY_SECRET: [secret], GATEWAY_PROOF: true }, { access });
    const bytes = Buffer.from(secret, "utf8").toString("latin1");
    expect(gateway.authenticate(given({ headers: { "x-gateway-secret": bytes, ...MINJI } })).userId).toBe(
      "7",
    );
  });

  test.each([0, 60, -60])("by a signature of %i s ago is taken", (age) => {
    const timestamp = NOW - age;
    for (const secret of [SECRET, NEXT]) {
      const identity = authenticate({ headers: { ...signed({ timestamp, secret }), ...MINJI } });
      expect(identity).toMatchObject({ userId: "7", issuedAt: Math.min(NOW, timestamp) });
    }
  });

  test.each<[string, Record<string, string>]>([
    ["too old", signed({ timestamp: NOW - 61 })],
    ["too early", signed({ timestamp: NOW + 61 })],
    ["of another method", signed({ method: "POST" })],
    ["of another path", signed({ path: "/chat/v1/rooms" })],
    ["with the query", signed({ path: "/chat/v1/rooms/?page=2" })],
    ["of another user", signed({ userId: "8" })],
    ["of another secret", signed({ secret: "x".repeat(40) })],
    ["of another time", { ...signed({}), "x-gateway-timestamp": String(NOW - 1) }],
    ["without a time", { "x-gateway-signature": signed({})["x-gateway-signature"] ?? "" }],
    ["of a time in milliseconds", signed({ timestamp: NOW * 1_000 })],
    ["of a time with a fraction", signed({ timestamp: `${NOW}.5` })],
    ["of a time in other digits", signed({ timestamp: `0x${NOW.toString(16)}` })],
    [
      "in capitals",
      { ...signed({}), "x-gateway-signature": (signed({})["x-gateway-signature"] ?? "").toUpperCase() },
    ],
    [
      "in base64",
      {
        ...signed({}),
        "x-gateway-signature": Buffer.from(signed({})["x-gateway-signature"] ?? "", "hex").toString("base64"),
      },
    ],
    [
      "cut off",
      { ...signed({}), "x-gateway-signature": (signed({})["x-gateway-signature"] ?? "").slice(0, 32) },
    ],
    ["that is empty", { ...signed({}), "x-gateway-signature": "" }],
    ["beside a wrong secret", { ...signed({}), "x-gateway-secret": "x".repeat(40) }],
  ])("by a signature %s is none", (_what, headers) => {
    expect(authenticate({ headers: { ...signed({}), ...MINJI }, query: "page=2" }).userId).toBe("7");
    const posted = { headers: { ...signed({ method: "POST" }), ...MINJI }, method: "POST" };
    expect(authenticate(posted).userId).toBe("7");
    refused({ headers: { ...headers, ...MINJI }, query: "page=2" }, "gateway_proof_invalid");
  });

  test("signs the user id as it is, not as it is encoded", () => {
    const headers = { ...signed({ userId: "민지" }), ...MINJI, "x-user-id": encodeURIComponent("민지") };
    expect(authenticate({ headers }).userId).toBe("민지");
  });

  test("beside a bare secret must hold as well", () => {
    expect(authenticate({ headers: { ...signed({}), ...WITH_SECRET, ...MINJI } }).userId).toBe("7");
    refused({ headers: { ...signed({ userId: "8" }), ...WITH_SECRET, ...MINJI } }, "gateway_proof_invalid");
  });

  test("is asked for before anything is said about the identity", () => {
    refused({ headers: MINJI }, "gateway_proof_required");
    refused({ headers: { "x-gateway-timestamp": String(NOW), ...MINJI } }, "gateway_proof_required");
    refused({ headers: {} }, "gateway_proof_required");
    refused({ headers: { "x-gateway-secret": "x".repeat(40) } }, "gateway_proof_invalid");
  });

  test("that was sent twice is none, whichever of the two is right", () => {
    for (const name of ["x-gateway-secret", "x-gateway-signature", "x-gateway-timestamp"]) {
      const headers = { ...signed({}), ...MINJI };
      const twice = { ...headers, [name]: [{ ...headers, ...WITH_SECRET }[name] ?? "", "other"] };
      refused({ headers: twice }, "gateway_proof_invalid");
    }
  });

  test("holds nowhere without a GATEWAY_SECRET", () => {
    const none = createGatewayAuthenticator({ GATEWAY_SECRET: undefined, GATEWAY_PROOF: true }, { access });
    for (const secret of ["", "undefined"]) {
      const headers = { "x-gateway-secret": secret, ...MINJI };
      const refusal = errorOf(() => none.authenticate(given({ headers })));
      expect(refusal.code).toBe("gateway_proof_invalid");
      expect(refusal.message).toContain("no GATEWAY_SECRET");
    }
  });

  test("never appears in the refusal", () => {
    const refusal = errorOf(() => authenticate({ headers: { "x-gateway-secret": "hush-hush", ...MINJI } }));
    expect(JSON.stringify(refusal) + refusal.message).not.toMatch(new RegExp(`hush|${SECRET}`));
  });
});

describe("an identity", () => {
  test("has a picture when there is one that browsers can show", () => {
    const pictured = (url: string) =>
      authenticate({ headers: { ...WITH_SECRET, ...MINJI, "x-profile-url": encodeURIComponent(url) } })
        .picture;
    expect(pictured("/media/profile.jpg")).toBe("/media/profile.jpg");
    expect(pictured("https://p.example/a b.png")).toBeUndefined();
    expect(pictured("https://p.example/민지.png")).toBe("https://p.example/민지.png");
    for (const url of ["javascript:alert(1)", "//evil.example/x.png", ""])
      expect(pictured(url)).toBeUndefined();
  });

  test.each([
    [["x-user-id"], ["user_id"]],
    [["x-nickname"], ["nickname"]],
    [["x-email"], ["email"]],
    [
      ["x-nickname", "x-email"],
      ["nickname", "email"],
    ],
    [
      ["x-user-id", "x-nickname", "x-email"],
      ["user_id", "nickname", "email"],
    ],
  ])("without %j is refused with the names of what is missing", (left, names) => {
    const absent = Object.fromEntries(Object.entries(MINJI).filter(([name]) => !left.includes(name)));
    const empty = { ...MINJI, ...Object.fromEntries(left.map((name) => [name, ""])) };
    for (const headers of [absent, empty]) {
      const refusal = refused({ headers: { ...WITH_SECRET, ...headers } }, "invalid_input");
      expect(refusal.status).toBe(400);
      expect(refusal.errors?.map(({ path }) => path)).toEqual(names);
      expect(refusal.message).toContain(names.join(", "));
    }
  });

  test.each([
    ["%", "half of an escape"],
    ["%zz", "no escape"],
    ["%ED%A0%80", "half of a surrogate pair"],
    ["%FF", "no UTF-8"],
    ["%C0%AE", "UTF-8 that is too long"],
    [Buffer.from("민지").toString("latin1"), "bytes that are not encoded"],
    [Buffer.from("é").toString("latin1"), "other bytes that are not encoded"],
    ["%00", "NUL"],
    ["a%0Ab", "a line break"],
    ["n".repeat(400), "more than it may have"],
  ])("with %j, %s, is refused with the field's name", (value) => {
    for (const [header, field] of [
      ["x-user-id", "user_id"],
      ["x-nickname", "nickname"],
      ["x-email", "email"],
    ]) {
      const headers = { ...WITH_SECRET, ...MINJI, [header ?? ""]: value };
      expect(refused({ headers }, "invalid_input").errors?.map(({ path }) => path)).toEqual([field]);
    }
  });

  test("whose picture has a bad encoding is refused, too", () => {
    const headers = { ...WITH_SECRET, ...MINJI, "x-profile-url": "/%zz" };
    expect(refused({ headers }, "invalid_input").errors?.[0]?.path).toBe("profile_url");
  });

  test("that is sent twice is refused", () => {
    for (const name of [...Object.keys(MINJI), "x-profile-url"]) {
      const headers = { ...WITH_SECRET, ...MINJI, [name]: ["a", "a"] };
      expect(refused({ headers }, "invalid_input").errors?.[0]?.message).toBe("must be sent once");
    }
  });

  test("of a plus sign and a comma keeps them in a header", () => {
    const headers = { ...WITH_SECRET, ...MINJI, "x-email": "a+b@p.example", "x-nickname": "Kim, Minji" };
    expect(authenticate({ headers })).toMatchObject({ email: "a+b@p.example", name: "Kim, Minji" });
  });
});

describe("the query", () => {
  test("of a handshake says who it is", () => {
    const query = `${QUERY}&profile_url=%2Fmedia%2Fa.png&nothing`;
    expect(authenticate({ headers: WITH_SECRET, query, isHandshake: true })).toEqual({
      ...WHO,
      picture: "/media/a.png",
    });
    const spaced = { headers: WITH_SECRET, query: QUERY.replace("%EB", "a+%20b%EB"), isHandshake: true };
    expect(authenticate(spaced).name).toBe("a  b민지");
  });

  test("of a handshake needs a proof, which may be a signature", () => {
    refused({ headers: {}, query: QUERY, isHandshake: true }, "gateway_proof_required");
    const path = "/ws/chat/1/chat/";
    expect(authenticate({ headers: signed({ path }), query: QUERY, isHandshake: true, path }).userId).toBe(
      "7",
    );
    const other = { headers: signed({ path, userId: "8" }), query: QUERY, isHandshake: true, path };
    refused(other, "gateway_proof_invalid");
  });

  test("of any other request says nothing", () => {
    const refusal = refused({ headers: WITH_SECRET, query: QUERY }, "invalid_input");
    expect(refusal.errors?.map(({ path }) => path)).toEqual(["user_id", "nickname", "email"]);
    const headers = { ...WITH_SECRET, ...MINJI };
    expect(authenticate({ headers, query: "user_id=8&user_id=9" }).userId).toBe("7");
  });

  test.each([
    ["a value twice", `${QUERY}&user_id=7`, "user_id"],
    ["a value twice, once in disguise", `${QUERY}&%75ser_id=8`, "user_id"],
    ["a bad encoding", QUERY.replace("%EB", "%FF"), "nickname"],
    ["a missing value", QUERY.replace("email=", "mail="), "email"],
    ["a list", QUERY.replace("user_id=", "user_id[]="), "user_id"],
  ])("with %s is refused", (_what, query, field) => {
    const refusal = refused({ headers: WITH_SECRET, query, isHandshake: true }, "invalid_input");
    expect(refusal.errors?.map(({ path }) => path)).toEqual([field]);
  });

  test("may repeat the headers and must not differ from them", () => {
    const headers = { ...WITH_SECRET, ...MINJI };
    expect(authenticate({ headers, query: `${QUERY}&room=1`, isHandshake: true }).name).toBe("민지");
    const query = QUERY.replace("user_id=7", "user_id=8");
    expect(refused({ headers, query, isHandshake: true }, "invalid_input").errors?.[0]?.path).toBe("user_id");
  });

  test("can't fill in what the gateway left out of its headers", () => {
    const { "x-nickname": _, ...nameless } = MINJI;
    const headers = { ...WITH_SECRET, ...nameless };
    const query = "nickname=The%20Boss&profile_url=https%3A%2F%2Fevil.example%2Fx.png";
    const refusal = refused({ headers, query, isHandshake: true }, "invalid_input");
    expect(refusal.errors?.map(({ path }) => path)).toEqual(["nickname", "profile_url"]);
  });
});

describe("somebody who may not come in", () => {
  test("is refused: blocked for good, revoked until the gateway vouches anew", async () => {
    const people = [
      { userId: "blocked", revokedBeforeMs: null, blocked: true, mutedUntilMs: null },
      { userId: "revoked", revokedBeforeMs: NOW * 1_000 + 500, blocked: false, mutedUntilMs: null },
    ];
    changed = people;
    await access.refresh();
    const as = (userId: string, timestamp: number) => ({
      headers: { ...signed({ userId, timestamp }), ...MINJI, "x-user-id": userId },
    });
    refused(as("blocked", NOW), "user_blocked");
    refused(as("revoked", NOW), "token_revoked");
    // Signed in advance is not vouched for after the revocation.
    refused(as("revoked", NOW + 50), "token_revoked");
    expect(authenticate(as("7", NOW)).userId).toBe("7");
    expect(authenticate(as("revoked", NOW + 1), NOW + 1).userId).toBe("revoked");
    refused(as("revoked", NOW), "token_revoked", NOW + 1);
    const old = authenticate(as("7", NOW));
    changed = [{ userId: "7", revokedBeforeMs: NOW * 1_000 + 900, blocked: false, mutedUntilMs: null }];
    await access.refresh();
    // What a live connection is judged by.
    expect(access.refuses(old)).toBe(true);
    changed = [{ userId: "7", revokedBeforeMs: null, blocked: false, mutedUntilMs: null }];
    await access.refresh();
  });
});

describe("with GATEWAY_PROOF off", () => {
  const open = createGatewayAuthenticator({ GATEWAY_SECRET: undefined, GATEWAY_PROOF: false }, { access });

  test("nothing is proved, and everything else is asked for", () => {
    expect(open.authenticate(given({ headers: MINJI })).userId).toBe("7");
    expect(open.authenticate(given({ headers: {}, query: QUERY, isHandshake: true })).userId).toBe("7");
    expect(codeOf(() => open.authenticate(given({ headers: {} })))).toBe("invalid_input");
  });

  test("the server says so when it starts, and else it does not", async () => {
    for (const [flag, times] of [
      ["off", 1],
      ["on", 0],
    ] as const) {
      const lines: string[] = [];
      const log = createLogger({
        level: "info",
        node: "test",
        name: "api",
        destination: { write: (line) => void lines.push(line) },
      });
      // It comes no further than to its templates.
      const env = { NOTIFICATION_TEMPLATES_DIR: "/nowhere", GATEWAY_PROOF: flag, JWT_SECRET: SECRET };
      const urls = { DATABASE_URL: "postgresql://127.0.0.1:1/none", REDIS_URL: "redis://127.0.0.1:1" };
      await expect(startApi(parseConfig(apiConfigSchema, { ...env, ...urls }), log)).rejects.toThrow();
      const warnings = lines.filter((line) => line.includes("GATEWAY_PROOF IS OFF"));
      expect(warnings).toHaveLength(times);
      for (const line of warnings) expect(JSON.parse(line)).toMatchObject({ level: "warn" });
    }
  });
});

describe("a request that Node has read", () => {
  let server: Server;
  let seen: GatewayRequest | undefined;

  beforeAll(async () => {
    server = createServer((message, response) => {
      seen = gatewayRequestOf(message);
      response.end();
    });
    server.on("upgrade", (message, socket) => {
      seen = gatewayRequestOf(message);
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterAll(() => void server.close());

  test("has its path as it was written, and both of two headers", async () => {
    await send({ path: "/chat/v1/%EB%AF%BC/?a=b?c", headers: { "X-User-Id": ["7", "8"] } });
    expect(seen).toMatchObject({
      method: "GET",
      path: "/chat/v1/%EB%AF%BC/",
      query: "a=b?c",
      isHandshake: false,
    });
    expect([seen?.header("x-user-id"), seen?.header("x-email")]).toEqual([["7", "8"], []]);
  });

  test("is a handshake when it opens a WebSocket", async () => {
    await send({ path: "/ws/chat/1/chat/", headers: { Connection: "Upgrade", Upgrade: "WebSocket" } });
    expect(seen).toMatchObject({ path: "/ws/chat/1/chat/", query: "", isHandshake: true });
  });

  test("is taken as a whole where Express has shortened its path", () => {
    const message = {
      originalUrl: "/chat/v1/rooms/?x",
      url: "/rooms/?x",
      method: "GET",
      headersDistinct: {},
    };
    expect(gatewayRequestOf(message as never)).toMatchObject({ path: "/chat/v1/rooms/", query: "x" });
  });

  async function send(options: { path: string; headers: Record<string, string | string[]> }): Promise<void> {
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => {
      const sent = request({ port, host: "127.0.0.1", agent: false, ...options }, (response) => {
        response.resume();
        response.on("end", resolve);
      });
      sent.on("error", () => resolve());
      sent.end();
    });
  }
});

interface Given {
  headers: Record<string, string | string[]>;
  query?: string;
  path?: string;
  method?: string;
  isHandshake?: boolean;
}

function given({ headers, ...rest }: Given): GatewayRequest {
  const header = (name: string) => [headers[name] ?? []].flat();
  return { method: "GET", path: "/chat/v1/rooms/", query: "", isHandshake: false, ...rest, header };
}

function authenticate(what: Given, nowSeconds = NOW): Identity {
  const gateway = createGatewayAuthenticator(config, { access, clock: () => nowSeconds * 1_000 + 400 });
  return gateway.authenticate(given(what));
}

function refused(what: Given, code: string, nowSeconds = NOW): ParleyError {
  const error = errorOf(() => authenticate(what, nowSeconds));
  expect(error.code).toBe(code);
  return error;
}

function codeOf(work: () => unknown): string {
  return errorOf(work).code;
}

function errorOf(work: () => unknown): ParleyError {
  try {
    work();
  } catch (error) {
    if (error instanceof ParleyError) return error;
    throw error;
  }
  throw new Error("It was taken.");
}

function signed({
  method = "GET",
  path = "/chat/v1/rooms/",
  userId = "7",
  timestamp = NOW as number | string,
  secret = SECRET,
}): Record<string, string> {
  const text = `${method}\n${path}\n${userId}\n${timestamp}`;
  const signature = createHmac("sha256", secret).update(text).digest("hex");
  return { "x-gateway-timestamp": String(timestamp), "x-gateway-signature": signature };
}
