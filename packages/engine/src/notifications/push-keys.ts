import { ECDH } from "node:crypto";
import { type FieldError, ParleyError } from "@parley/contracts";

/** A browser's public key (an uncompressed point of P-256, 65 bytes) and its secret (16 bytes), as base64url without padding. */
export interface PushKeys {
  p256dh: string;
  auth: string;
}

const POINT_BYTES = 65;
const UNCOMPRESSED = 0x04;
const AUTH_BYTES = 16;

/** Checks that pushes can be encrypted with these keys, and brings them to one spelling. Refuses: invalid_input. */
export function checkPushKeys(keys: PushKeys): PushKeys {
  const point = decode(keys.p256dh);
  const auth = decode(keys.auth);
  const errors: FieldError[] = [];
  if (point === null || !isPoint(point)) {
    errors.push({
      path: "keys.p256dh",
      message: "must be a point of the curve P-256, 65 bytes as base64url",
    });
  }
  if (auth?.length !== AUTH_BYTES) {
    errors.push({ path: "keys.auth", message: "must be 16 bytes as base64url" });
  }
  if (point === null || auth === null || errors.length > 0)
    throw new ParleyError("invalid_input", { errors });
  return { p256dh: point.toString("base64url"), auth: auth.toString("base64url") };
}

/** Some clients write plain base64; anything beside the two alphabets is refused, not skipped over. */
function decode(text: string): Buffer | null {
  return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, "base64url") : null;
}

function isPoint(bytes: Buffer): boolean {
  if (bytes.length !== POINT_BYTES || bytes[0] !== UNCOMPRESSED) return false;
  try {
    ECDH.convertKey(bytes, "prime256v1");
    return true;
  } catch {
    return false;
  }
}
