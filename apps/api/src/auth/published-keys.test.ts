import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "@parley/testing";
import jwt from "jsonwebtoken";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPublishedKeys } from "./published-keys.js";

const first = generateKeyPairSync("rsa", { modulusLength: 2048 });
const second = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });

let server: Server;
let url: string;
let published: object[];
let answers: number;
let broken: boolean;
let time: number;

beforeEach(async () => {
  published = [jwk(first.publicKey, { kid: "first" })];
  answers = 0;
  broken = false;
  time = 1_000_000;
  server = createServer((_request, response) => {
    answers++;
    response.statusCode = broken ? 500 : 200;
    response.end(broken ? "oops" : JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test("a key is found by its id, and asked for once", async () => {
  const keys = open();
  const found = await Promise.all([keys.find("first"), keys.find("first"), keys.find("first")]);
  expect(verifies(found[0], first.privateKey)).toBe(true);
  await keys.find("first");
  expect(answers).toBe(1);
});

test("a new key is found when it is used, and the old one serves as long as it is published", async () => {
  const keys = open();
  await keys.find("first");
  published = [jwk(first.publicKey, { kid: "first" }), jwk(second.publicKey, { kid: "second" })];
  time += 5_001;
  expect(verifies(await keys.find("second"), second.privateKey)).toBe(true);
  expect(verifies(await keys.find("first"), first.privateKey)).toBe(true);
  published = [jwk(second.publicKey, { kid: "second" })];
  time += 10 * 60_000 + 1;
  await keys.find("second");
  const codeOf = () => keys.find("first").catch((error: { code: string }) => error.code);
  await until(async () => (await codeOf()) === "token_invalid", "the old one is known no more");
});

test("made-up key ids don't make this server ask again and again", async () => {
  const keys = open();
  await keys.find("first");
  for (let count = 0; count < 50; count++) {
    await expect(keys.find(`made-up-${count}`)).rejects.toMatchObject({ code: "token_invalid" });
  }
  expect(answers).toBe(1);
  time += 5_001;
  await Promise.all(
    Array.from({ length: 20 }, (_, count) => keys.find(`more-${count}`).catch(() => undefined)),
  );
  expect(answers).toBe(2);
  expect(verifies(await keys.find("first"), first.privateKey)).toBe(true);
});

test("known keys serve while the issuer is down, for a day", async () => {
  const keys = open();
  await keys.find("first");
  broken = true;
  time += 11 * 60_000;
  expect(verifies(await keys.find("first"), first.privateKey)).toBe(true);
  await expect(keys.find("unknown")).rejects.toMatchObject({ code: "keys_unavailable" });
  time += 24 * 60 * 60_000;
  await expect(keys.find("first")).rejects.toMatchObject({ code: "keys_unavailable", retryAfterMs: 5000 });
  broken = false;
  time += 5_001;
  expect(verifies(await keys.find("first"), first.privateKey)).toBe(true);
});

test("an issuer that has never answered is a failure of the server, not of the token", async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(open().find("first")).rejects.toMatchObject({ code: "keys_unavailable" });
});

test("an answer without usable keys does not throw away the good ones", async () => {
  const keys = open();
  await keys.find("first");
  published = [];
  time += 11 * 60_000;
  expect(verifies(await keys.find("first"), first.privateKey)).toBe(true);
});

test("a token without a key id is tried with the only key, never with several", async () => {
  expect(verifies(await open().find(undefined), first.privateKey)).toBe(true);
  published.push(jwk(second.publicKey, { kid: "second" }));
  await expect(open().find(undefined)).rejects.toMatchObject({ code: "token_invalid" });
});

test("only keys of the configured algorithm are looked at", async () => {
  published = [
    jwk(ec.publicKey, { kid: "ec" }),
    jwk(weak.publicKey, { kid: "weak" }),
    jwk(first.publicKey, { kid: "other", alg: "RS512" }),
    jwk(first.publicKey, { kid: "encryption", use: "enc" }),
    { kty: "oct", kid: "secret", k: "AAAA" },
    { kty: "RSA", kid: "broken", n: "!", e: "AQAB" },
    jwk(second.publicKey, { kid: "good", alg: "RS256" }),
  ];
  const keys = open();
  for (const kid of ["ec", "weak", "other", "encryption", "secret", "broken", "__proto__"]) {
    await expect(keys.find(kid)).rejects.toMatchObject({ code: "token_invalid" });
  }
  expect(verifies(await keys.find("good"), second.privateKey)).toBe(true);
  const ofEc = createPublishedKeys({ url, algorithm: "ES256" });
  expect((await ofEc.find("ec")).asymmetricKeyType).toBe("ec");
});

function open() {
  return createPublishedKeys({ url, algorithm: "RS256", clock: () => time });
}

function jwk(key: KeyObject, more: object): object {
  return { ...key.export({ format: "jwk" }), use: "sig", ...more };
}

function verifies(key: KeyObject | undefined, privateKey: KeyObject): boolean {
  const token = jwt.sign({ sub: "u" }, privateKey, { algorithm: "RS256" });
  return key !== undefined && typeof jwt.verify(token, key, { algorithms: ["RS256"] }) === "object";
}
