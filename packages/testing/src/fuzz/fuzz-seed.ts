import { randomInt } from "node:crypto";

/** The seed of this run: `FUZZ_SEED`, where a run that failed is to be repeated, or a new one. */
export function fuzzSeed(): number {
  const given = process.env.FUZZ_SEED;
  if (given === undefined || given === "") return randomInt(2 ** 32);
  const seed = Number(given);
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Error(`FUZZ_SEED must be a whole number; it is ${JSON.stringify(given)}.`);
}
