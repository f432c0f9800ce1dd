/** Finds and takes out of texts of the platform what names a person. */
export interface Mentions {
  /** The person's id and everything that they are called, for a first look. */
  words: readonly string[];
  /** Whether a text may hold any of it, also as JSON writes it. */
  maybeIn(text: string): boolean;
  inText(text: string): string;
  /** Of a JSON value; the same value when nothing in it names the person. */
  inJson(value: unknown): unknown;
}

/** Shorter words would be found in what has nothing to do with the person; as whole values of JSON, the id is found all the same. */
const SHORTEST_WORD = 3;
const ERASED = "[erased]";

/** `names`: whatever the person is called besides their id. */
export function mentionsOf(person: {
  userId: string;
  pseudonym: string;
  names: readonly string[];
}): Mentions {
  const { userId, pseudonym, names } = person;
  const words = [userId, ...names.filter((name) => name.trim() !== "")];
  const longEnough = words.filter((word) => word.length >= SHORTEST_WORD);
  const written = words.map((word) => JSON.stringify(word).slice(1, -1).toLowerCase());
  const pattern =
    longEnough.length === 0
      ? undefined
      : new RegExp(`(?<![\\p{L}\\p{N}_])(?:${longEnough.map(escaped).join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  const inText = (text: string) =>
    pattern === undefined ? text : text.replace(pattern, (word) => (word === userId ? pseudonym : ERASED));
  const inJson = (value: unknown): unknown => {
    if (typeof value === "string") return value === userId ? pseudonym : inText(value);
    if (Array.isArray(value)) return keepIfSame(value, value.map(inJson));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([key, inner]) => [inText(key), inJson(inner)] as const);
    return keepIfSame(value, Object.fromEntries(entries));
  };
  return {
    words,
    maybeIn: (text) => {
      const lower = text.toLowerCase();
      return words.some(
        (word, at) => lower.includes(word.toLowerCase()) || lower.includes(written[at] ?? ""),
      );
    },
    inText,
    inJson,
  };
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function keepIfSame(before: object, after: object): object {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}
