import { createECDH } from "node:crypto";
import { expect, it } from "vitest";
import { decryptPush, type PushReceiver } from "./decrypt-push.js";
import { type EncryptionFaults, encryptPush } from "./test-push-sender.js";

/** RFC 8291, section 5 and appendix A. */
const RFC_8291 = {
  plaintext: "When I grow up, I want to be a watermelon",
  receiverPrivate: "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
  receiverPublic: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
  senderPrivate: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
  salt: "DGv6ra1nlYgDCS1FRnbzlw",
  body:
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK" +
    "6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
};

const decode = (text: string) => Buffer.from(text, "base64url");
const keys = { p256dh: RFC_8291.receiverPublic, auth: RFC_8291.auth };

function rfcReceiver(): PushReceiver {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(decode(RFC_8291.receiverPrivate));
  return { ecdh, publicKey: decode(RFC_8291.receiverPublic), auth: decode(RFC_8291.auth) };
}

const decrypted = (body: Buffer) => decryptPush(rfcReceiver(), body).toString("utf8");
const encrypted = (faults?: EncryptionFaults) => encryptPush(keys, "hello", faults);

it("decrypts the published example of RFC 8291", () => {
  expect(decrypted(decode(RFC_8291.body))).toBe(RFC_8291.plaintext);
});

it("the sender of these tests makes that example byte for byte", () => {
  const faults = { salt: decode(RFC_8291.salt), senderPrivateKey: decode(RFC_8291.senderPrivate) };
  expect(encryptPush(keys, RFC_8291.plaintext, faults).toString("base64url")).toBe(RFC_8291.body);
});

it.each([
  ["no text", "", undefined],
  ["padding", "hello", Buffer.from([2, 0, 0, 0])],
  ["text that looks like padding", "a\u0002\u0000\u0001", undefined],
])("decrypts %s", (_, text, padding) => {
  expect(decrypted(encryptPush(keys, text, padding && { padding }))).toBe(text);
});

it("takes a record size that is one byte more than the record, and no smaller one", () => {
  const record = "hello".length + 1 + 16;
  expect(decrypted(encrypted({ recordSize: record + 1 }))).toBe("hello");
  expect(() => decrypted(encrypted({ recordSize: record }))).toThrow("not greater than the only record");
});

it.each<[what: string, reason: string, body: Buffer]>([
  ["a header cut short", "cut short", encrypted().subarray(0, 20)],
  ["a key id cut short", "uncompressed point", encrypted().subarray(0, 60)],
  ["a record without a text", "no room", encrypted().subarray(0, 86 + 16)],
  ["a compressed key", "uncompressed point", encrypted({ keyId: Buffer.alloc(33, 2) })],
  ["a key id of another form", "uncompressed point", encrypted({ keyId: Buffer.alloc(65, 2) })],
  ["no key id", "uncompressed point", encrypted({ keyId: Buffer.alloc(0) })],
  [
    "a key that is not on the curve",
    "not a point",
    encrypted({ keyId: Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]) }),
  ],
  ["somebody else's key", "the tag does not fit", encrypted({ keyId: decode(RFC_8291.receiverPublic) })],
  ["the delimiter of an earlier record", "0x02", encrypted({ padding: Buffer.from([1]) })],
  ["padding that does not begin with its delimiter", "0x02", encrypted({ padding: Buffer.from([0, 0]) })],
  ["nothing but zeros", "0x02", encryptPush(keys, "", { padding: Buffer.alloc(4) })],
])("refuses %s with 400", (_, reason, body) => {
  expect(() => decrypted(body)).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringContaining(reason) }),
  );
});

it("refuses a body of which any part was changed", () => {
  const body = encrypted();
  for (const place of [0, 86, body.length - 1]) {
    const changed = Buffer.from(body);
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
    expect(() => decrypted(changed)).toThrow("the tag does not fit");
  }
});

it("refuses what was encrypted with another authentication secret", () => {
  const body = encryptPush({ ...keys, auth: Buffer.alloc(16, 7).toString("base64url") }, "hello");
  expect(() => decrypted(body)).toThrow("the tag does not fit");
});
