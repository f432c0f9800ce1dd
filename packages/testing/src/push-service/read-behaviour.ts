import type { Behaviour, BehaviourKind } from "./behaviour.js";
import { Refusal } from "./refusal.js";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isTruth: Check = (value) => typeof value === "boolean";
const isCount: Check = (value) => Number.isInteger(value) && Number(value) >= 1;
const isStatus: Check = (value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599;
const isBehaviour: Check = (value) => readBehaviour(value) !== undefined;
const isSettled: Check = (value) => !["times", "every"].includes(readBehaviour(value).kind);
const isOneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);

/** The fields of each kind; those with a question mark may be left out. */
const FIELDS: Record<BehaviourKind, Record<string, Check>> = {
  accept: {},
  status: {
    status: isStatus,
    "retryAfter?": (value) => isText(value) || isCount(value) || value === 0,
    "body?": isText,
  },
  hang: { "accepted?": isTruth },
  drip: { part: isOneOf("head", "body"), "everyMs?": isCount, "accepted?": isTruth },
  reset: { "accepted?": isTruth },
  redirect: { to: isText, "status?": isOneOf(301, 302, 303, 307, 308) },
  flood: { "megabytes?": isCount, "status?": isStatus },
  slow: { gate: isText, "next?": isSettled },
  times: {
    times: isCount,
    first: isBehaviour,
    "rest?": isBehaviour,
    "each?": isOneOf("service", "subscription"),
  },
  every: { nth: isCount, first: isBehaviour, "rest?": isBehaviour },
};

/** Reads a behaviour that came as JSON; refuses with 400 what is none, a wrong or missing field, and a field that its kind does not have. */
export function readBehaviour(value: unknown): Behaviour {
  if (typeof value !== "object" || value === null) throw new Refusal(400, "a behaviour is an object");
  const { kind, ...given } = value as Record<string, unknown>;
  const fields = Object.hasOwn(FIELDS, String(kind)) ? FIELDS[kind as BehaviourKind] : undefined;
  if (fields === undefined) throw new Refusal(400, `there is no behaviour "${String(kind)}"`);
  for (const [field, check] of Object.entries(fields)) {
    const name = field.replace("?", "");
    if (name in given ? !check(given[name]) : name === field) {
      throw new Refusal(400, `"${name}" of the behaviour "${String(kind)}" is missing or wrong`);
    }
  }
  for (const name of Object.keys(given)) {
    if (name in fields || `${name}?` in fields) continue;
    throw new Refusal(400, `the behaviour "${String(kind)}" has no "${name}"`);
  }
  return value as Behaviour;
}
