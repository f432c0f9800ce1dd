/** What could be found out, and why that is not all. */
export interface Told<Part> {
  part: Part;
  /** null: it is all. */
  incomplete: string | null;
}

const PATIENCE_MS = 3_000;

/** Asks Redis, for a bounded time; what can't be asked is replaced, and it is said why. Rejects only when the replacement does. */
export async function tellPart<Part>(
  ask: () => Promise<Part>,
  { fallback, missing }: { fallback: () => Promise<Part> | Part; missing: string },
): Promise<Told<Part>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    return { part: await Promise.race([ask(), late]), incomplete: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0]?.slice(0, 200) : "it failed";
    return {
      part: await fallback(),
      incomplete: `${missing} nothing can be said: Redis can't be asked (${reason}).`,
    };
  } finally {
    clearTimeout(timer);
  }
}
