/** Something that is wrong with a node. */
export interface Trouble {
  code: string;
  /** ISO 8601. */
  since: string;
  detail: string | null;
}

/** What is wrong now. `patienceMs`: for so long it is nothing to speak of. */
export interface Finding {
  code: string;
  detail?: string | undefined;
  patienceMs?: number;
}

/** Remembers since when each thing has been wrong. */
export class TroubleLog {
  readonly #since = new Map<string, number>();

  /** Everything that is wrong at this moment; what is not named is over. */
  note(findings: readonly Finding[], now = Date.now()): Trouble[] {
    const codes = new Set(findings.map(({ code }) => code));
    for (const code of this.#since.keys()) if (!codes.has(code)) this.#since.delete(code);
    return findings.flatMap(({ code, detail, patienceMs = 0 }) => {
      const since = this.#since.get(code) ?? now;
      this.#since.set(code, since);
      if (now - since < patienceMs) return [];
      return [{ code, since: new Date(since).toISOString(), detail: detail?.slice(0, 200) ?? null }];
    });
  }
}
