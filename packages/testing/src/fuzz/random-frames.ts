import type { Random } from "../chaos/random.js";
import type { Fields } from "./fuzz-subject.js";
import type { JsonText } from "./hostile-values.js";
import type { Mutant } from "./mutate-fields.js";
import { entriesOf, objectText } from "./raw-json.js";

export interface RandomFrameParts {
  random: Random;
  values: readonly JsonText[];
  /** Makes another good one each time. */
  goods: ReadonlyArray<() => Fields>;
}

const LETTERS = [..."ab09-_ '\"\\%{}[]:,\0\u202e\ud800😀é用"];
const DEEPEST = 4;
const WIDEST = 4;

/** A frame of the given random source: a good one with some fields changed, JSON of no meaning, or characters. */
export function randomFrame(parts: RandomFrameParts): Mutant {
  const { random } = parts;
  const kind = random.next();
  if (kind < 0.6) return { what: "changed in places", text: changed(parts) };
  if (kind < 0.75) return { what: "mixed from two", text: mixed(parts) };
  if (kind < 0.9) return { what: "any JSON", text: anyJson(parts, 0) };
  return { what: "any characters", text: anyText(random, 40) };
}

function changed({ random, values, goods }: RandomFrameParts): string {
  const entries = entriesOf(random.pick(goods)?.() ?? {});
  const changes = random.between(1, 3);
  for (let change = 0; change < changes; change++) {
    const place = random.between(0, Math.max(0, entries.length - 1));
    const [key = "type"] = entries[place] ?? [];
    const value = random.next() < 0.5 ? random.pick(values) : anyJson({ random, values, goods }, 1);
    if (random.next() < 0.15) entries.splice(place, 1);
    else if (random.next() < 0.2) entries.push([key, value ?? "null"]);
    else entries[place] = [key, value ?? "null"];
  }
  const text = objectText(entries);
  return random.next() < 0.1 ? text.slice(0, random.between(0, text.length)) : text;
}

function mixed({ random, goods }: RandomFrameParts): string {
  const one = entriesOf(random.pick(goods)?.() ?? {});
  const other = entriesOf(random.pick(goods)?.() ?? {});
  return objectText(random.sample([...one, ...other], random.between(0, one.length + other.length)));
}

function anyJson(parts: RandomFrameParts, depth: number): JsonText {
  const { random, values } = parts;
  const kind = random.next();
  if (depth >= DEEPEST || kind < 0.3) return JSON.stringify(anyText(random, 12));
  if (kind < 0.5) return random.pick(values) ?? "null";
  if (kind < 0.65) return String(random.between(-3, 2 ** 31));
  const many = Array.from({ length: random.between(0, WIDEST) });
  if (kind < 0.8) return `[${many.map(() => anyJson(parts, depth + 1)).join(",")}]`;
  return objectText(many.map(() => [anyText(random, 6), anyJson(parts, depth + 1)]));
}

function anyText(random: Random, longest: number): string {
  return Array.from({ length: random.between(0, longest) }, () => random.pick(LETTERS) ?? "").join("");
}
