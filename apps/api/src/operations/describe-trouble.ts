import type { NodeReport } from "@parley/contracts";

type Trouble = NodeReport["troubles"][number];

const WORDS: Readonly<Record<string, (lasts: string, detail: string | null) => string>> = {
  postgres: (lasts, detail) => `no Postgres for ${lasts}: ${detail ?? "no answer"}`,
  redis: (lasts, detail) => `no Redis for ${lasts}: ${detail ?? "no answer"}`,
  bus: (lasts) => `the Redis bus has not worked for ${lasts}; other nodes' news is read from Postgres`,
  storage: (lasts, detail) => `the storage of files has not worked for ${lasts}: ${detail ?? "no answer"}`,
  loop_lag: (lasts, detail) => `the event loop is ${detail} late, for ${lasts}; everything there is`,
  pool_waiting: (lasts, detail) => `requests have waited for database connections for ${lasts} (${detail})`,
  clients_waiting: (lasts, detail) => `clients have waited to be let in for ${lasts} (${detail})`,
  user_directory: (lasts) => `the main server has failed for ${lasts}`,
  file_descriptors: (lasts, detail) => `file descriptors have been short for ${lasts} (${detail})`,
};

/** What is wrong with a node, in words; null when nothing is. */
export function describeTroubles(troubles: readonly Trouble[], now: Date): string | null {
  if (troubles.length === 0) return null;
  return troubles.map((trouble) => describeTrouble(trouble, now)).join("; ");
}

export function describeTrouble({ code, since, detail }: Trouble, now: Date): string {
  const lasts = describeDuration(now.getTime() - Date.parse(since));
  const words = WORDS[code];
  // A newer node's word for something that this version does not know.
  return words?.(lasts, detail) ?? `${code} for ${lasts}${detail === null ? "" : `: ${detail}`}`;
}

/** `12 s`, `4 min`, `3 h`, `2 d`. */
export function describeDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
