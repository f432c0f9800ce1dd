import { createECDH, createPublicKey, sign, verify } from "node:crypto";
import { expect, test } from "vitest";
import { createVapidKeys, readVapidKeys, type VapidSettings } from "./vapid-keys.js";

const pair = createVapidKeys();
const good: VapidSettings = { subject: "mailto:push@acme.dev", ...pair };
const faultsOf = (settings: Partial<VapidSettings>) =>
  readVapidKeys({ ...good, ...settings }).faults?.map(({ field, problem }) => `${field} ${problem}`);

test("new pairs are good, of full length, and never the same", () => {
  const pairs = Array.from({ length: 600 }, createVapidKeys);
  expect(new Set(pairs.map(({ privateKey }) => privateKey)).size).toBe(600);
  for (const each of pairs) {
    expect(readVapidKeys({ ...good, ...each }).faults).toBeUndefined();
    // A leading zero, which is left out by one pair in 256, must be there.
    expect(Buffer.from(each.privateKey, "base64url")).toHaveLength(32);
  }
});

test("the signing key belongs to the public key", () => {
  const { keys } = readVapidKeys(good);
  expect(keys).toMatchObject({ subject: good.subject, publicKey: good.publicKey });
  const signature = sign("sha256", Buffer.from("x"), keys?.signingKey ?? "");
  const point = Buffer.from(good.publicKey, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const publicKey = createPublicKey({
    format: "jwk",
    key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" },
  });
  expect(verify("sha256", Buffer.from("x"), publicKey, signature)).toBe(true);
});

test.each([
  "mailto:push@acme.dev",
  "mailto:first.last+push@mail.acme.co.uk",
  "mailto:push@bücher.de",
  "https://acme.dev",
  "https://www.acme.dev/contact?about=push",
  "https://acme.dev:8443/",
])("%s is a good subject", (subject) => expect(faultsOf({ subject })).toBeUndefined());

test.each([
  ["", "must begin with mailto: or https:"],
  ["push@acme.dev", "must begin with mailto: or https:"],
  ["http://acme.dev", "must begin with mailto: or https:"],
  ["MAILTO:push@acme.dev", "must begin with mailto: or https:"],
  ["mailto: push@acme.dev", "must have no blanks and no angle brackets"],
  ["mailto:<push@acme.dev>", "must have no blanks and no angle brackets"],
  ["https://acme.dev/our contact", "must have no blanks and no angle brackets"],
  ["mailto:push@acme.dev\n", "must have no blanks and no angle brackets"],
  ["mailto:", "must name one mail address"],
  ["mailto:push", "must name one mail address"],
  ["mailto:@acme.dev", "must name one mail address"],
  ["mailto:a@acme.dev,b@acme.dev", "must name one mail address"],
  ["mailto:push@acme.dev?subject=x", "must name one mail address"],
  ["mailto:push@localhost", "must name a public host, which localhost is not"],
  ["mailto:push@acme", "must name a public host, which acme is not"],
  ["mailto:push@acme.local", "must name a public host, which acme.local is not"],
  ["mailto:push@-acme.dev", "must name a public host"],
  ["mailto:push@acme..dev", "must name a public host"],
  ["mailto:push@127.0.0.1", "must name a host, not the address 127.0.0.1"],
  ["https://localhost", "must name a public host, which localhost is not"],
  ["https://localhost:3000/contact", "must name a public host, which localhost is not"],
  ["https://push.localhost", "must name a public host, which push.localhost is not"],
  ["https://chat.internal", "must name a public host, which chat.internal is not"],
  ["https://ACME.TEST", "must name a public host, which acme.test is not"],
  ["https://10.0.0.1", "must name a host, not the address 10.0.0.1"],
  ["https://[::1]", "must name a host, not the address [::1]"],
  ["https://", "must be a whole URL"],
  ["https://me:secret@acme.dev", "must hold no password"],
])("the subject %j %s", (subject, problem) => {
  expect(faultsOf({ subject })).toEqual([expect.stringContaining(`subject ${problem}`)]);
});

const other = createVapidKeys();
const compressed = createECDH("prime256v1");
compressed.generateKeys();

test.each<[string, Partial<VapidSettings>, string]>([
  ["a missing public key", { publicKey: "" }, "publicKey is missing"],
  ["a missing private key", { privateKey: "" }, "privateKey is missing"],
  ["a public key with padding", { publicKey: `${pair.publicKey}=` }, "publicKey must be base64url"],
  ["plain base64", { privateKey: "+/".repeat(22) }, "privateKey must be base64url"],
  ["a PEM", { privateKey: "-----BEGIN EC PRIVATE KEY-----" }, "privateKey must be base64url"],
  ["a short public key", { publicKey: pair.privateKey }, "publicKey must be 65 bytes, and is 32"],
  [
    "a compressed public key",
    { publicKey: compressed.getPublicKey("base64url", "compressed") },
    "publicKey must be 65 bytes, and is 33",
  ],
  [
    "a public key for a private one",
    { privateKey: pair.publicKey },
    "privateKey must be 32 bytes, and is 65",
  ],
  [
    "a point that is not on the curve",
    { publicKey: Buffer.alloc(65, 4).toString("base64url") },
    "publicKey is no point of the curve P-256",
  ],
  [
    "a private key of zeros",
    { privateKey: Buffer.alloc(32).toString("base64url") },
    "privateKey is no private key of the curve P-256",
  ],
  [
    "a private key beyond the curve's order",
    { privateKey: Buffer.alloc(32, 255).toString("base64url") },
    "privateKey is no private key of the curve P-256",
  ],
  ["keys of two pairs", { publicKey: other.publicKey }, "publicKey does not belong to the private key"],
])("%s is a fault", (_, settings, problem) => {
  expect(faultsOf(settings)).toEqual([expect.stringContaining(problem)]);
});

test("all faults are told at once, and none tells the private key", () => {
  const privateKey = "x".repeat(40);
  const faults = faultsOf({ subject: "nobody", publicKey: "?", privateKey });
  expect(faults).toHaveLength(3);
  expect(JSON.stringify(faults)).not.toContain(privateKey);
  expect(faultsOf({ subject: "nobody", publicKey: other.publicKey })).toHaveLength(2);
});
