const MAX_CHARACTERS = 200;
const SHORTEST_SECRET = 8;

/**
 * What a push service says about its refusal, made fit for a log: Apple's `reason`, Mozilla's `message`, Google's `error.message` or plain
 * text. An endpoint is a secret (whoever knows it can push to it), so none is left in the words.
 */
export function describeAnswer(text: string, endpoint: URL): string | undefined {
  if (text === "") return;
  const words = wordsOf(parse(text)) ?? text;
  const safe = secretsOf(endpoint)
    .reduce((left, secret) => left.replaceAll(secret, "…"), words.replace(/https?:\/\/\S+/g, "…"))
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return safe === "" ? undefined : safe.slice(0, MAX_CHARACTERS);
}

/** Some services put it into the path, Windows into the query. */
function secretsOf({ pathname, search, searchParams }: URL): string[] {
  const parts = [...pathname.split("/"), ...search.slice(1).split(/[&=]/), ...searchParams.values()];
  return parts.filter((part) => part.length >= SHORTEST_SECRET);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordsOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return;
  const { reason, message, error } = value as Record<string, unknown>;
  return wordsOf(reason) ?? wordsOf(message) ?? wordsOf(error);
}
