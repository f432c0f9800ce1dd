import { createDecipheriv, type ECDH, hkdfSync } from "node:crypto";
import { Refusal } from "./refusal.js";

/** What a user agent decrypts with: its key pair on P-256 and its authentication secret of 16 bytes. */
export interface PushReceiver {
  ecdh: ECDH;
  /** The uncompressed point, 65 bytes. */
  publicKey: Buffer;
  auth: Buffer;
}

const SALT_BYTES = 16;
/** Salt, record size and the length of the key id. */
const FIXED_BYTES = 21;
const POINT_BYTES = 65;
const TAG_BYTES = 16;
/** What stands behind the text of the last record; an earlier record would have 0x01. */
const LAST_RECORD = 0x02;

const KEY_INFO = Buffer.from("WebPush: info\0");
const CEK_INFO = Buffer.from("Content-Encoding: aes128gcm\0");
const NONCE_INFO = Buffer.from("Content-Encoding: nonce\0");

/**
 * Decrypts the body of a push as a user agent does (RFC 8291 over the content coding `aes128gcm` of RFC 8188) and returns the text
 * without its padding. Refuses with 400, and says why, what a user agent could not read: a header cut short, a key that is no point
 * of P-256, more than one record, a tag that does not fit, padding that does not end in its delimiter.
 */
export function decryptPush(receiver: PushReceiver, body: Buffer): Buffer {
  const { salt, senderKey, record } = readCoding(body);
  const { cek, nonce } = deriveKeys(receiver, { salt, senderKey });
  return withoutPadding(openRecord(record, { cek, nonce }));
}

interface Coding {
  salt: Buffer;
  senderKey: Buffer;
  record: Buffer;
}

function readCoding(body: Buffer): Coding {
  if (body.length < FIXED_BYTES) throw new Refusal(400, "the header of the content coding is cut short");
  const recordSize = body.readUInt32BE(SALT_BYTES);
  const keyBytes = body.readUInt8(FIXED_BYTES - 1);
  const senderKey = body.subarray(FIXED_BYTES, FIXED_BYTES + keyBytes);
  if (senderKey.length !== POINT_BYTES || senderKey[0] !== 0x04) {
    throw new Refusal(400, "the key id is not an uncompressed point of 65 bytes");
  }
  const record = body.subarray(FIXED_BYTES + keyBytes);
  if (record.length <= TAG_BYTES) throw new Refusal(400, "the record has no room for text and tag");
  // RFC 8291, section 4: one record, and rs greater than all of it.
  if (recordSize <= record.length) {
    throw new Refusal(
      400,
      `the record size ${recordSize} is not greater than the only record (${record.length})`,
    );
  }
  return { salt: body.subarray(0, SALT_BYTES), senderKey, record };
}

function deriveKeys(receiver: PushReceiver, { salt, senderKey }: Pick<Coding, "salt" | "senderKey">) {
  const info = Buffer.concat([KEY_INFO, receiver.publicKey, senderKey]);
  const ikm = hkdf(sharedSecret(receiver, senderKey), { salt: receiver.auth, info, length: 32 });
  return {
    cek: hkdf(ikm, { salt, info: CEK_INFO, length: 16 }),
    nonce: hkdf(ikm, { salt, info: NONCE_INFO, length: 12 }),
  };
}

function sharedSecret({ ecdh }: PushReceiver, senderKey: Buffer): Buffer {
  try {
    return ecdh.computeSecret(senderKey);
  } catch {
    throw new Refusal(400, "the sender's key is not a point of P-256");
  }
}

function hkdf(ikm: Buffer, { salt, info, length }: { salt: Buffer; info: Buffer; length: number }): Buffer {
  return Buffer.from(hkdfSync("sha256", ikm, salt, info, length));
}

function openRecord(record: Buffer, { cek, nonce }: { cek: Buffer; nonce: Buffer }): Buffer {
  const decipher = createDecipheriv("aes-128-gcm", cek, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(record.subarray(-TAG_BYTES));
  const text = decipher.update(record.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
  } catch {
    throw new Refusal(400, "the body can't be decrypted: the tag does not fit");
  }
  return text;
}

function withoutPadding(padded: Buffer): Buffer {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end--;
  if (padded[end] !== LAST_RECORD) {
    throw new Refusal(400, "the padding does not begin with the delimiter 0x02");
  }
  return padded.subarray(0, end);
}
