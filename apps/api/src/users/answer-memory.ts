import type { SourceAnswer } from "@parley/engine";

const CAPACITY = 10_000;
const KEPT_MS: Record<SourceAnswer["known"], number> = { yes: 30_000, no: 5_000, unsure: 5_000 };
/** For what serves because the main server gave no answer. */
const SUBSTITUTE_MS = 5_000;

/** The answers of the last seconds in this process, so that a busy chat asks nobody; also that there was none. */
export class AnswerMemory {
  readonly #clock: () => number;
  readonly #answers = new Map<string, { answer: SourceAnswer; until: number }>();

  /** `clock` in milliseconds since some moment. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  get(account: string): SourceAnswer | undefined {
    const kept = this.#answers.get(account);
    return kept && kept.until > this.#clock() ? kept.answer : undefined;
  }

  keep(account: string, answer: SourceAnswer): void {
    this.#set(account, { answer, keptMs: KEPT_MS[answer.known] });
  }

  keepSubstitute(account: string, answer: SourceAnswer): void {
    this.#set(account, { answer, keptMs: SUBSTITUTE_MS });
  }

  #set(account: string, { answer, keptMs }: { answer: SourceAnswer; keptMs: number }): void {
    this.#answers.delete(account);
    this.#answers.set(account, { answer, until: this.#clock() + keptMs });
    if (this.#answers.size <= CAPACITY) return;
    const oldest = this.#answers.keys().next();
    if (!oldest.done) this.#answers.delete(oldest.value);
  }
}
