import { generateKeyPairSync } from "node:crypto";
import { ParleyError } from "@parley/contracts";
import jwt from "jsonwebtoken";
import { describe, expect, test } from "vitest";
import { algorithmOf, type PublicKey } from "../config-fields.js";
import type { AuthConfig } from "./auth-config.js";
import { createAuthenticator } from "./create-authenticator.js";

const SECRET = "a-secret-of-more-than-thirty-two-bytes";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const hs = configFor({ JWT_ALGORITHM: "HS256", JWT_SECRET: SECRET });
const rs = configFor({ JWT_ALGORITHM: "RS256", JWT_PUBLIC_KEY: { key: rsa.publicKey, fits: "RS256" } });
const es = configFor({ JWT_ALGORITHM: "ES256", JWT_PUBLIC_KEY: { key: ec.publicKey, fits: "ES256" } });
const rsaPem = rsa.publicKey.export({ type: "spki", format: "pem" });

describe("a good token", () => {
  test("says who is asking", async () => {
    const exp = now() + 60;
    const token = sign({
      sub: "u1",
      role: "shopper",
      name: "Ada",
      email: "a@b.c",
      picture: "https://p/x.png",
      exp,
    });
    expect(await createAuthenticator(hs).authenticate(token)).toEqual({
      userId: "u1",
      role: "shopper",
      name: "Ada",
      email: "a@b.c",
      picture: "https://p/x.png",
      issuedAt: expect.any(Number),
      expiresAt: exp,
    });
  });

  test.each([
    ["RS256", rs, rsa.privateKey],
    ["ES256", es, ec.privateKey],
  ] as const)("may be signed with %s", async (algorithm, config, key) => {
    const token = jwt.sign({ sub: "u1" }, key, { algorithm, expiresIn: 60 });
    expect((await createAuthenticator(config).authenticate(token)).userId).toBe("u1");
  });

  test("has a number as the user's id, or another claim", async () => {
    expect((await authenticate(sign({ sub: 42 }))).userId).toBe("42");
    expect(
      (await authenticate(sign({ sub: "no", user_id: 7 }), { JWT_USER_ID_CLAIM: "user_id" })).userId,
    ).toBe("7");
    expect((await authenticate(sign({ id: "x" }), { JWT_USER_ID_CLAIM: "id" })).userId).toBe("x");
  });

  test("has the role of a user unless it says another", async () => {
    expect((await authenticate(sign({ sub: "u1" }))).role).toBe("user");
    expect((await authenticate(sign({ sub: "u1", role: "courier" }))).role).toBe("courier");
  });

  test("loses decoration that can't be kept, and nothing else", async () => {
    const claims = { sub: "u1", name: "n".repeat(201), email: 5, picture: "javascript:alert(1)" };
    const identity = await authenticate(sign(claims));
    expect(Object.keys(identity).sort()).toEqual(["expiresAt", "issuedAt", "role", "userId"]);
    expect((await authenticate(sign({ sub: "u1", name: "\ud800" }))).name).toBeUndefined();
  });

  test("is good for five seconds more and five seconds earlier", async () => {
    expect((await authenticate(sign({ sub: "u1", exp: now() - 3 }))).userId).toBe("u1");
    expect((await authenticate(sign({ sub: "u1", nbf: now() + 3 }))).userId).toBe("u1");
  });

  test("is for this issuer and this audience where they are configured", async () => {
    const config = { JWT_ISSUER: "https://issuer", JWT_AUDIENCE: "parley" };
    const good = sign({ sub: "u1", iss: "https://issuer", aud: ["other", "parley"] });
    expect((await authenticate(good, config)).userId).toBe("u1");
    await expectRefusal(authenticate(sign({ sub: "u1", aud: "parley" }), config), "token_invalid");
    await expectRefusal(authenticate(sign({ sub: "u1", iss: "https://issuer" }), config), "token_invalid");
    const foreign = sign({ sub: "u1", iss: "https://issuer/", aud: "parley" });
    await expectRefusal(authenticate(foreign, config), "token_invalid");
  });
});

test("a token of the id under which the chat itself speaks is the platform's; others are refused, which says why", async () => {
  expect((await authenticate(sign({ sub: "system", role: "system" }))).userId).toBe("system");
  await expectRefusal(authenticate(sign({ sub: "system", role: "admin" })), "token_invalid");
  await expect(authenticate(sign({ sub: "system" }))).rejects.toThrow(/`system` is the platform's id/);
  await expectRefusal(authenticate(sign({ id: "system" }), { JWT_USER_ID_CLAIM: "id" }), "token_invalid");
  expect((await authenticate(sign({ sub: "platform", role: "system" }))).role).toBe("system");
});

describe("no token", () => {
  test.each([undefined, ""])("is missing (%j)", async (token) => {
    await expectRefusal(authenticate(token), "token_missing");
  });
});

describe("a token that is over", () => {
  test("has expired, and that is told apart", async () => {
    await expectRefusal(authenticate(sign({ sub: "u1", exp: now() - 6 })), "token_expired");
  });

  test("is only called expired when its signature is good", async () => {
    const token = jwt.sign({ sub: "u1", exp: now() - 60 }, "another-secret-of-thirty-two-bytes-!");
    await expectRefusal(authenticate(token), "token_invalid");
  });
});

describe("a bad token", () => {
  const payload = { sub: "u1", role: "admin", exp: now() + 60 };
  const [head, body] = sign(payload).split(".");
  const corpus: Record<string, string> = {
    "unsigned (alg none)": `${part({ alg: "none", typ: "JWT" })}.${part(payload)}.`,
    "unsigned (alg nOnE)": `${part({ alg: "nOnE", typ: "JWT" })}.${part(payload)}.`,
    "of no alg": `${part({ typ: "JWT" })}.${part(payload)}.x`,
    "of another alg of the same secret": jwt.sign(payload, SECRET, { algorithm: "HS512" }),
    "of an asymmetric alg": jwt.sign(payload, rsa.privateKey, { algorithm: "RS256" }),
    "signed with another secret": jwt.sign(payload, "another-secret-of-thirty-two-bytes-!"),
    "with an empty signature": `${head}.${body}.`,
    "without a signature": `${head}.${body}`,
    "with a changed payload": `${head}.${part({ ...payload, role: "system" })}.${sign(payload).split(".")[2]}`,
    "not valid yet": sign({ ...payload, nbf: now() + 60 }),
    "without exp": jwt.sign({ sub: "u1" }, SECRET),
    "with exp as text": raw({ ...payload, exp: String(now() + 60) }),
    "with exp without end": raw('{"sub":"u1","exp":1e999}'),
    "with exp null": raw({ sub: "u1", exp: null }),
    "with nbf as text": raw({ ...payload, nbf: "1" }),
    "without a user": sign({ exp: payload.exp }),
    "of an empty user": sign({ sub: "", exp: payload.exp }),
    "of a user with a control character": raw({ ...payload, sub: "a\nb" }),
    "of a user with NUL": raw({ ...payload, sub: "a\u0000b" }),
    "of a user with half a surrogate pair": raw('{"sub":"\\ud800","exp":99999999999}'),
    "of a user too long": sign({ sub: "u".repeat(129), exp: payload.exp }),
    "of a user that is a list": raw({ ...payload, sub: ["u1"] }),
    "of a user that is half a number": raw({ ...payload, sub: 1.5 }),
    "with a role that is a list": raw({ ...payload, role: ["admin"] }),
    "with demands that nobody understands": jwt.sign(payload, SECRET, {
      header: { alg: "HS256", crit: ["b64"] } as jwt.JwtHeader,
    }),
    "with a payload of text": jwt.sign("u1", SECRET),
    "with a payload of a list": raw("[1]"),
    "with a payload of null": raw("null"),
    "that is garbage": "garbage",
    "that is garbage with dots": "a.b.c",
    "of dots only": "..",
    "of five parts": "a.b.c.d.e",
    "with a head that is no JSON": `${Buffer.from("{").toString("base64url")}.${body}.x`,
    "with spaces": ` ${sign(payload)}`,
    "that is huge": sign({ ...payload, filler: "x".repeat(20_000) }),
  };

  test.each(Object.entries(corpus))("%s is invalid", async (_name, token) => {
    await expectRefusal(authenticate(token), "token_invalid");
  });

  test.each(["jku", "x5u", "jwk", "x5c"])("does not get to name its own key by %s", async (field) => {
    const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = own.publicKey.export({ format: "jwk" });
    const value = { jwk, x5c: ["AAAA"] }[field] ?? "http://127.0.0.1:1/keys";
    const header = { alg: "RS256", [field]: value } as jwt.JwtHeader;
    const token = jwt.sign(payload, own.privateKey, { algorithm: "RS256", header });
    await expectRefusal(createAuthenticator(rs).authenticate(token), "token_invalid");
  });

  test("signed as HS256 with the public key is not taken for RS256", async () => {
    const { createHmac } = await import("node:crypto");
    const input = `${part({ alg: "HS256", typ: "JWT" })}.${part(payload)}`;
    const signature = createHmac("sha256", rsaPem).update(input).digest("base64url");
    await expectRefusal(createAuthenticator(rs).authenticate(`${input}.${signature}`), "token_invalid");
  });

  test("of RS256 is not taken for ES256, nor the other way round", async () => {
    const ofRsa = jwt.sign(payload, rsa.privateKey, { algorithm: "RS256" });
    const ofEc = jwt.sign(payload, ec.privateKey, { algorithm: "ES256" });
    await expectRefusal(createAuthenticator(es).authenticate(ofRsa), "token_invalid");
    await expectRefusal(createAuthenticator(rs).authenticate(ofEc), "token_invalid");
  });

  test("never has its text in the refusal", async () => {
    const refusal = await authenticate("secret.token.text").catch((error: ParleyError) => error);
    expect(JSON.stringify(refusal)).not.toContain("secret.token");
  });
});

test("a key fits one algorithm only", () => {
  expect(algorithmOf(rsa.publicKey)).toBe("RS256");
  expect(algorithmOf(ec.publicKey)).toBe("ES256");
  expect(algorithmOf(ec.privateKey)).toBeUndefined();
  expect(algorithmOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)).toBeUndefined();
  expect(algorithmOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey)).toBeUndefined();
});

function configFor(given: Partial<AuthConfig> & { JWT_PUBLIC_KEY?: PublicKey }): AuthConfig {
  return {
    JWT_ALGORITHM: "HS256",
    JWT_SECRET: undefined,
    JWT_PUBLIC_KEY: undefined,
    JWT_JWKS_URL: undefined,
    JWT_ISSUER: undefined,
    JWT_AUDIENCE: undefined,
    JWT_USER_ID_CLAIM: "sub",
    ...given,
  };
}

async function authenticate(token: string | undefined, more: Partial<AuthConfig> = {}) {
  return createAuthenticator({ ...hs, ...more }).authenticate(token);
}

function sign(claims: object): string {
  return jwt.sign({ exp: now() + 60, ...claims }, SECRET);
}

/** Signs what the library would refuse to sign. */
function raw(payload: object | string): string {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return jwt.sign(text, SECRET, { header: { alg: "HS256", typ: "JWT" } });
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

async function expectRefusal(work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(ParleyError);
  expect((error as ParleyError).code).toBe(code);
}
