import type { Fields } from "./fuzz-subject.js";
import { deepJson, type JsonText } from "./hostile-values.js";
import { entriesOf, objectText } from "./raw-json.js";

/** JSON text that somebody might send instead of a good one. */
export interface Mutant {
  /** What was done to the good one. */
  what: string;
  text: string;
}

const clip = (value: string) => (value.length > 60 ? `${value.slice(0, 60)}… (${value.length})` : value);

/** Every field without its value, with each hostile one instead, and twice. `good` makes another good one each time. */
export function mutateFields(good: () => Fields, values: readonly JsonText[]): Mutant[] {
  return Object.keys(good()).flatMap((field) => [
    mutant(good, { what: `without ${field}`, change: (entries) => entries.filter(([key]) => key !== field) }),
    mutant(good, {
      what: `${field} in capitals`,
      change: (entries) => entries.map(([key, value]) => [key === field ? key.toUpperCase() : key, value]),
    }),
    ...values.map((value) => mutateField(good, { field, value })),
    mutant(good, {
      what: `${field} twice, at last null`,
      change: (entries) => [...entries, [field, "null"]],
    }),
    mutant(good, {
      what: `${field} twice, at first null`,
      change: (entries) => [[field, "null"], ...entries],
    }),
  ]);
}

function mutateField(good: () => Fields, { field, value }: { field: string; value: JsonText }): Mutant {
  return mutant(good, {
    what: `${field} = ${clip(value)}`,
    change: (entries) => entries.map(([key, old]) => [key, key === field ? value : old]),
  });
}

/** A good one with more around it, or in it, than anybody asked for. */
export function surroundFields(good: () => Fields): Mutant[] {
  const extra = (key: string, value: JsonText): Mutant =>
    mutant(good, { what: `with ${key}: ${clip(value)}`, change: (entries) => [...entries, [key, value]] });
  const whole = () => objectText(entriesOf(good()));
  return [
    extra("unknown", "1"),
    extra("", "null"),
    extra("__proto__", '{"role":"admin","from":"somebody"}'),
    extra("constructor", '{"prototype":{}}'),
    extra("hasOwnProperty", "1"),
    extra("toJSON", '"x"'),
    extra("deep", deepJson(31)),
    extra("deep", deepJson(32)),
    extra("wide", `[${"0,".repeat(20_000)}0]`),
    { what: "in an array", text: `[${whole()}]` },
    { what: "in a string", text: JSON.stringify(whole()) },
    { what: "within an object", text: `{"data":${whole()}}` },
    { what: "twice in one", text: whole() + whole() },
    { what: "with a comma too many", text: whole().replace(/}$/, ",}") },
    { what: "in single quotes", text: whole().replaceAll('"', "'") },
    { what: "after a byte order mark", text: `\ufeff${whole()}` },
    { what: "between spaces", text: ` \n\t${whole()}\r\n ` },
    { what: "with NaN", text: whole().replace(/}$/, ',"x":NaN}') },
    ...[1, 7, 15, 31].map((bytes) => ({ what: `cut off by ${bytes}`, text: whole().slice(0, -bytes) })),
  ];
}

type Entries = Array<[string, JsonText]>;

function mutant(
  good: () => Fields,
  { what, change }: { what: string; change: (entries: Entries) => Entries },
): Mutant {
  return { what, text: objectText(change(entriesOf(good()))) };
}
