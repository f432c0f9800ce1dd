import { createHash } from "node:crypto";

/** The largest integer that every client's JSON holds exactly. */
const LARGEST = Number.MAX_SAFE_INTEGER;
/** Bits of a digest that fit under it. */
const DIGEST_BITS = 52n;

/** Whether a user id is a positive integer in its one spelling, as the contracts with integer ids need it. */
export function isIntegerId(userId: string): boolean {
  return /^[1-9]\d{0,15}$/.test(userId) && Number(userId) <= LARGEST;
}

/**
 * A user id for a contract with integer ids: itself where it is one, else a negative number made from it. People of other contracts
 * have names there that no integer client could read; made like this they differ from each other and from everybody who has a number,
 * and are the same on every node for ever. It is no way back: look the number up among the chat's members.
 */
export function integerIdOf(userId: string): number {
  if (isIntegerId(userId)) return Number(userId);
  const digest = createHash("sha256").update(userId).digest().readBigUInt64BE() >> (64n - DIGEST_BITS);
  return -Number(digest) - 1;
}

/** An integer id as clients send it, as a number or as its digits; undefined for everything else. */
export function readIntegerId(value: unknown): number | undefined {
  if (typeof value === "string") return isIntegerId(value) ? Number(value) : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
