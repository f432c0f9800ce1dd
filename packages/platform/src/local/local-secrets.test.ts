import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createVapidPair, localSecrets } from "./local-secrets.js";

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "parley-secrets-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

it("makes secrets once and keeps them where only their owner can read them", () => {
  const first = localSecrets(root, {});
  expect(localSecrets(root, {})).toEqual(first);
  expect(statSync(path.join(root, ".parley/secrets.json")).mode & 0o777).toBe(0o600);
});

it("takes what the environment gives", () => {
  const env = { JWT_SECRET: "a", GATEWAY_SECRET: "b", VAPID_PUBLIC_KEY: "c", VAPID_PRIVATE_KEY: "d" };
  const given = { jwtSecret: "a", gatewaySecret: "b", vapid: { publicKey: "c", privateKey: "d" } };
  expect(localSecrets(root, env)).toEqual(given);
});

it("keeps what an earlier version has made, and adds what it did not know", () => {
  const { jwtSecret, gatewaySecret } = localSecrets(root, {});
  const file = path.join(root, ".parley/secrets.json");
  writeFileSync(file, JSON.stringify({ jwtSecret, gatewaySecret }));
  const { vapid, ...rest } = localSecrets(root, {});
  expect(rest).toEqual({ jwtSecret, gatewaySecret });
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ jwtSecret, vapid });
});

it("makes pairs whose halves belong together", () => {
  const { publicKey, privateKey } = createVapidPair();
  const point = Buffer.from(publicKey, "base64url");
  expect([point.length, point[0], Buffer.from(privateKey, "base64url").length]).toEqual([65, 4, 32]);
  const jwk = {
    kty: "EC",
    crv: "P-256",
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
    d: privateKey,
  };
  const derived = createPublicKey(createPrivateKey({ key: jwk, format: "jwk" })).export({ format: "jwk" });
  expect(derived).toMatchObject({ x: jwk.x, y: jwk.y });
});
