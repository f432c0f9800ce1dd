type Check = (value: unknown) => boolean;

/** What an object has to look like, key by key; a key that ends in `?` may be absent. */
export type Shape = Readonly<Record<string, Check>>;

/** Says where an answer differs from its shape, keys that nobody knows included; undefined when it fits. */
export function shapeFault(value: unknown, shape: Shape): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it is no object";
  const fields = value as Record<string, unknown>;
  const known = new Set(Object.keys(shape).map((key) => key.replace(/\?$/, "")));
  const stranger = Object.keys(fields).find((key) => !known.has(key));
  if (stranger !== undefined) return `nobody knows its ${stranger}`;
  for (const [key, check] of Object.entries(shape)) {
    const name = key.replace(/\?$/, "");
    if (!Object.hasOwn(fields, name)) {
      if (key === name) return `it has no ${name}`;
    } else if (!check(fields[name])) return `its ${name} is ${JSON.stringify(fields[name])?.slice(0, 200)}`;
  }
  return undefined;
}

export const isText: Check = (value) => typeof value === "string" && value.trim() !== "";

export const isWait: Check = (value) => typeof value === "number" && value >= 0;

/** What exactly a field must be. */
export const is =
  (...wanted: unknown[]): Check =>
  (value) =>
    wanted.includes(value);
