import type { JsonText } from "./hostile-values.js";

/** An object as JSON text, entry by entry: so a key can stand in it twice, and a value need not be JSON. */
export function objectText(entries: ReadonlyArray<readonly [string, JsonText]>): JsonText {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
}

/** The entries of an object, each value as its JSON text. */
export function entriesOf(fields: Readonly<Record<string, unknown>>): Array<[string, JsonText]> {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, JSON.stringify(value)]);
}
