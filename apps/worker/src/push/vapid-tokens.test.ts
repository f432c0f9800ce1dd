import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createFakeClock } from "./testing/fake-clock.js";
import { createVapidKeys, readVapidKeys } from "./vapid-keys.js";
import { createVapidTokens } from "./vapid-tokens.js";

const HOUR = 3_600_000;
const settings = { subject: "mailto:push@acme.dev", ...createVapidKeys() };

function open(random = 0) {
  const { keys } = readVapidKeys(settings);
  if (!keys) throw new Error("the test's keys are bad");
  const clock = createFakeClock();
  return { clock, tokens: createVapidTokens({ keys, clock, random: () => random }) };
}

function read(authorization: string) {
  const [, token = "", key = ""] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  const [header = "", claims = "", signature = ""] = token.split(".");
  const json = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  return { header: json(header), claims: json(claims), signed: `${header}.${claims}`, signature, key };
}

test("a token says who pushes where, for twelve hours, and is signed as JOSE wants it", () => {
  const { clock, tokens } = open();
  const { header, claims, signed, signature, key } = read(tokens.authorizationFor("https://push.acme.dev"));
  expect(header).toEqual({ typ: "JWT", alg: "ES256" });
  expect(claims).toEqual({
    aud: "https://push.acme.dev",
    exp: Math.floor(clock.now() / 1000) + 12 * 3600,
    sub: "mailto:push@acme.dev",
  });
  expect(key).toBe(settings.publicKey);
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const publicKey = createPublicKey({
    format: "jwk",
    key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" },
  });
  const bytes = Buffer.from(signature, "base64url");
  expect(bytes).toHaveLength(64);
  expect(verify("sha256", Buffer.from(signed), { key: publicKey, dsaEncoding: "ieee-p1363" }, bytes)).toBe(
    true,
  );
});

test("an origin's pushes share a token, and no other origin's do", () => {
  const { tokens } = open();
  const first = tokens.authorizationFor("https://a.dev");
  expect(tokens.authorizationFor("https://a.dev")).toBe(first);
  expect(tokens.authorizationFor("https://b.dev")).not.toBe(first);
  expect(read(tokens.authorizationFor("https://b.dev")).claims.aud).toBe("https://b.dev");
  expect(tokens.authorizationFor("https://a.dev")).toBe(first);
});

test.each([
  [0, 11],
  [0.5, 10.5],
  [1, 10],
])("with chance %d it is renewed after %d hours, before it runs out", (random, hours) => {
  const { clock, tokens } = open(random);
  const first = tokens.authorizationFor("https://a.dev");
  clock.advance(hours * HOUR - 1000);
  expect(tokens.authorizationFor("https://a.dev")).toBe(first);
  clock.advance(1000);
  const second = tokens.authorizationFor("https://a.dev");
  expect(read(second).claims.exp - read(first).claims.exp).toBe(hours * 3600);
});

test("a dropped token is made anew, and others stay", () => {
  const { tokens } = open();
  const [a, b] = [tokens.authorizationFor("https://a.dev"), tokens.authorizationFor("https://b.dev")];
  tokens.drop("https://a.dev");
  expect(tokens.authorizationFor("https://a.dev")).not.toBe(a);
  expect(tokens.authorizationFor("https://b.dev")).toBe(b);
});

test("as many as a thousand are held, and the oldest goes first", () => {
  const { tokens } = open();
  const origins = Array.from({ length: 1_000 }, (_, index) => `https://${index}.dev`);
  const held = origins.map((origin) => tokens.authorizationFor(origin));
  tokens.authorizationFor("https://one-more.dev");
  expect(tokens.authorizationFor("https://1.dev")).toBe(held[1]);
  expect(tokens.authorizationFor("https://0.dev")).not.toBe(held[0]);
});
