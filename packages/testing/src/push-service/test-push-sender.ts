import {
  createCipheriv,
  createECDH,
  createPrivateKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { type Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { request as requestTls } from "node:https";
import type { PushSubscription } from "./push-subscription.js";

/** A sender that can also do everything wrong, to test the service with. */

export interface SenderKey {
  privateKey: KeyObject;
  /** The uncompressed point in base64url. */
  publicKey: string;
}

export interface EncryptionFaults {
  salt?: Buffer;
  recordSize?: number;
  /** What follows the text: the delimiter, then zeros. */
  padding?: Buffer;
  senderPrivateKey?: Buffer;
  /** Stands in the header instead of the real one. */
  keyId?: Buffer;
}

export interface TokenFaults {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  /** Instead of the sender's own in `k`. */
  publicKey?: string;
  dsaEncoding?: "ieee-p1363" | "der";
}

/** A new key pair to sign tokens with. */
export function createSenderKey(): SenderKey {
  const ecdh = createECDH("prime256v1");
  const point = ecdh.generateKeys();
  const [x, y, d] = [point.subarray(1, 33), point.subarray(33), ecdh.getPrivateKey()].map((part) =>
    // A private key may begin with zeros, which `getPrivateKey` leaves out.
    Buffer.concat([Buffer.alloc(32 - part.length), part]).toString("base64url"),
  ) as [string, string, string];
  const privateKey = createPrivateKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y, d } });
  return { privateKey, publicKey: point.toString("base64url") };
}

/** An `Authorization` header for the service at `origin`, good for an hour unless `faults` say otherwise. */
export function signVapid(sender: SenderKey, origin: string, faults: TokenFaults = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const claims = { aud: origin, exp, sub: "mailto:push@example.com", ...faults.claims };
  const parts = [{ typ: "JWT", alg: "ES256", ...faults.header }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signed = parts.join(".");
  const signature = sign("sha256", Buffer.from(signed), {
    key: sender.privateKey,
    dsaEncoding: faults.dsaEncoding ?? "ieee-p1363",
  });
  return `vapid t=${signed}.${signature.toString("base64url")}, k=${faults.publicKey ?? sender.publicKey}`;
}

/** Encrypts as RFC 8291 says, or not quite. */
export function encryptPush(
  { p256dh, auth }: PushSubscription["keys"],
  text: string | Buffer,
  faults: EncryptionFaults = {},
): Buffer {
  const receiver = Buffer.from(p256dh, "base64url");
  const ecdh = createECDH("prime256v1");
  if (faults.senderPrivateKey) ecdh.setPrivateKey(faults.senderPrivateKey);
  else ecdh.generateKeys();
  const { salt = randomBytes(16), recordSize = 4096, padding = Buffer.from([2]) } = faults;
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), receiver, ecdh.getPublicKey()]);
  const secret = ecdh.computeSecret(receiver);
  const ikm = Buffer.from(hkdfSync("sha256", secret, Buffer.from(auth, "base64url"), info, 32));
  const derive = (what: string, length: number) =>
    Buffer.from(hkdfSync("sha256", ikm, salt, `Content-Encoding: ${what}\0`, length));
  const cipher = createCipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
  const sealed = [
    cipher.update(Buffer.concat([Buffer.from(text), padding])),
    cipher.final(),
    cipher.getAuthTag(),
  ];
  const keyId = faults.keyId ?? ecdh.getPublicKey();
  const fixed = Buffer.alloc(5);
  fixed.writeUInt32BE(recordSize);
  fixed.writeUInt8(keyId.length, 4);
  return Buffer.concat([salt, fixed, keyId, ...sealed]);
}

interface PostedPush {
  endpoint: string;
  headers: OutgoingHttpHeaders;
  body?: Buffer;
  method?: string;
  agent?: Agent;
  signal?: AbortSignal;
}

interface PostAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends it by `node:http` or `node:https` and reads the whole answer; rejects when the connection breaks. */
export function postPush({ endpoint, body, ...options }: PostedPush): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const open = endpoint.startsWith("https:") ? requestTls : request;
    const outgoing = open(endpoint, { method: "POST", agent: false, ...options }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const { statusCode: status = 0, headers } = incoming;
        resolve({ status, headers, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export interface TestPush extends Partial<PostedPush> {
  text?: string;
  /** Default: the same for all pushes of this process. */
  sender?: SenderKey;
}

const SENDER = createSenderKey();

/** Sends a push that the service has nothing against, but for what is given; a header that is `undefined` is left out. */
export function sendPush(
  { endpoint, keys }: PushSubscription,
  { text = "hello", sender = SENDER, headers, ...given }: TestPush = {},
): Promise<PostAnswer> {
  const defaults = {
    ttl: 60,
    "content-encoding": "aes128gcm",
    authorization: signVapid(sender, new URL(endpoint).origin),
  };
  const merged = Object.entries({ ...defaults, ...headers }).filter(([, value]) => value !== undefined);
  const body = given.body ?? encryptPush(keys, text);
  return postPush({ endpoint, ...given, headers: Object.fromEntries(merged), body });
}
