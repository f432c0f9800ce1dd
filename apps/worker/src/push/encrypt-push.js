// Plain JavaScript, because a thread begins with a file: with this one under tests, which run from the sources, and with its copy in dist.
import { createCipheriv, createECDH, createHmac, randomBytes } from "node:crypto";

const POINT_BYTES = 65;
const SECRET_BYTES = 16;
const SALT_BYTES = 16;
const SALTS_AT_ONCE = 256;
const KEY_BYTES = 16;
const NONCE_BYTES = 12;

// HKDF (RFC 5869) counts its blocks behind the info: one block of SHA-256 is enough for each of these.
const SECRET_INFO = Buffer.from("WebPush: info\0");
const KEY_INFO = Buffer.from("Content-Encoding: aes128gcm\0\x01");
const NONCE_INFO = Buffer.from("Content-Encoding: nonce\0\x01");
const FIRST_BLOCK = Buffer.from([1]);

/** Behind the salt: the size of a record, 4,096, and the length of the key that follows. */
const CODING = Buffer.from([0, 0, 16, 0, POINT_BYTES]);
/** The most that fits into that one record, with its delimiter and its tag, when the whole body is to have 4,096 bytes. */
const MAX_TEXT_BYTES = 3_993;
/** Behind the text of the last record. */
const DELIMITER = "\x02";

/** Each push has new keys, but they are made in one object: to set up the curve takes longer than to make the keys. */
const pair = createECDH("prime256v1");
let salts = Buffer.alloc(0);

/**
 * Encrypts a push (RFC 8291) with a key pair of its own, and makes the headers that belong to it (RFC 8030); the authorisation is added
 * later, because it is not each push's own. Throws when the subscription's keys are none.
 *
 * @param {import("./encryption.js").PlainPush} push
 * @returns {import("./encryption.js").EncryptedPush}
 */
export function encryptPush(push) {
  const once = { publicKey: pair.generateKeys(), keys: pair, salt: drawSalt() };
  return { headers: headersFor(push), body: encryptWith(push, once) };
}

/**
 * The body alone, in the content coding `aes128gcm` (RFC 8188), with keys and a salt that must never be used again.
 *
 * @param {Pick<import("./encryption.js").PlainPush, "p256dh" | "auth" | "payload">} push
 * @param {{ publicKey: Buffer, keys: import("node:crypto").ECDH, salt: Buffer }} once
 * @returns {Buffer}
 */
export function encryptWith({ p256dh, auth, payload }, { publicKey, keys, salt }) {
  const receiver = Buffer.from(p256dh, "base64url");
  const authSecret = Buffer.from(auth, "base64url");
  if (receiver.length !== POINT_BYTES) throw new Error(`p256dh has not ${POINT_BYTES} bytes`);
  if (authSecret.length < SECRET_BYTES) throw new Error(`auth has less than ${SECRET_BYTES} bytes`);
  const shared = hmac(authSecret, keys.computeSecret(receiver));
  const secret = hmac(shared, Buffer.concat([SECRET_INFO, receiver, publicKey, FIRST_BLOCK]));
  const prk = hmac(salt, secret);
  const nonce = hmac(prk, NONCE_INFO).subarray(0, NONCE_BYTES);
  const cipher = createCipheriv("aes-128-gcm", hmac(prk, KEY_INFO).subarray(0, KEY_BYTES), nonce);
  const text = cipher.update(payload + DELIMITER, "utf8");
  if (text.length > MAX_TEXT_BYTES + DELIMITER.length) throw new RangeError("the payload is too long");
  cipher.final();
  return Buffer.concat([salt, CODING, publicKey, text, cipher.getAuthTag()]);
}

/**
 * @param {Buffer} key
 * @param {Buffer} data
 * @returns {Buffer}
 */
function hmac(key, data) {
  return createHmac("sha256", key).update(data).digest();
}

/** Each is used once; to ask for many at a time costs hardly more than to ask for one. */
function drawSalt() {
  if (salts.length === 0) salts = randomBytes(SALT_BYTES * SALTS_AT_ONCE);
  const salt = salts.subarray(0, SALT_BYTES);
  salts = salts.subarray(SALT_BYTES);
  return salt;
}

/**
 * All but the length, which the client counts itself.
 *
 * @param {import("./encryption.js").PlainPush} push
 * @returns {string[]}
 */
function headersFor({ ttlSeconds, urgency, topic }) {
  const headers = ["TTL", String(ttlSeconds), "Urgency", urgency, "Content-Encoding", "aes128gcm"];
  headers.push("Content-Type", "application/octet-stream");
  if (topic !== undefined) headers.push("Topic", topic);
  return headers;
}
