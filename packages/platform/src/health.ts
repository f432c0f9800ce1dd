/** Finds out whether something needed works: resolves, with a detail if there is one to tell, or rejects. */
export type Check = () => Promise<string | undefined> | Promise<void>;

export interface Dependency {
  check: Check;
  /** Set false when the process still serves without it. */
  required: boolean;
}

export interface DependencyState {
  ok: boolean;
  detail?: string;
  required: boolean;
}

export interface Readiness {
  ready: boolean;
  draining: boolean;
  dependencies: Record<string, DependencyState>;
}

export interface Health {
  /** True as long as this process can answer at all. */
  live(): { live: true };
  /** Runs the checks side by side, or gives the answer of less than 250 ms ago. */
  ready(): Promise<Readiness>;
  /** How long the latest check of each dependency took, in ms; of those that did not answer, nothing. */
  latencies(): Record<string, number>;
  /** From now on not ready, so that load balancers send no one here. */
  setDraining(): void;
}

const KEPT_MS = 250;

/** Makes the two probes of a process from its checks. A check that takes longer than `timeoutMs` has failed. */
export function createHealth(
  dependencies: Record<string, Check | Dependency>,
  { timeoutMs = 1000 } = {},
): Health {
  const entries = Object.entries(dependencies).map(([name, one]): [string, Dependency] => [
    name,
    typeof one === "function" ? { check: one, required: true } : one,
  ]);
  const latencies = new Map<string, number>();
  let draining = false;
  let kept: Promise<Record<string, DependencyState>> | undefined;
  let keptUntil = 0;

  const states = () => {
    if (kept && performance.now() < keptUntil) return kept;
    keptUntil = Number.POSITIVE_INFINITY;
    kept = checkAll(timed(entries, latencies), timeoutMs).finally(() => {
      keptUntil = performance.now() + KEPT_MS;
    });
    return kept;
  };

  return {
    live: () => ({ live: true }),
    ready: async () => {
      const found = await states();
      const ready = !draining && Object.values(found).every(({ ok, required }) => ok || !required);
      return { ready, draining, dependencies: found };
    },
    latencies: () => Object.fromEntries(latencies),
    setDraining: () => {
      draining = true;
    },
  };
}

function timed(entries: [string, Dependency][], latencies: Map<string, number>): [string, Dependency][] {
  return entries.map(([name, { check, required }]) => {
    const measured = async () => {
      const begun = performance.now();
      latencies.delete(name);
      const detail = await check();
      latencies.set(name, Math.round((performance.now() - begun) * 10) / 10);
      return detail ?? undefined;
    };
    return [name, { check: measured, required }];
  });
}

async function checkAll(
  entries: [string, Dependency][],
  timeoutMs: number,
): Promise<Record<string, DependencyState>> {
  const states = await Promise.all(
    entries.map(
      async ([name, { check, required }]): Promise<[string, DependencyState]> => [
        name,
        { ...(await outcome(check, timeoutMs)), required },
      ],
    ),
  );
  return Object.fromEntries(states);
}

async function outcome(check: Check, timeoutMs: number): Promise<{ ok: boolean; detail?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new Error(`no answer within ${timeoutMs} ms`));
    // After a stall of the event loop its timers come first: an answer that is there counts.
    timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  });
  try {
    const detail = await Promise.race([check(), late]);
    return detail ? { ok: true, detail } : { ok: true };
  } catch (error) {
    return { ok: false, detail: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Probes answer strangers too: an error's code or first line says enough, addresses and stacks stay inside. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const code = (error as NodeJS.ErrnoException).code;
  return code ?? error.message.split("\n")[0]?.slice(0, 200) ?? "failed";
}
