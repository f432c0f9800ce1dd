/** What the others were told of one user in one chat, whichever of the user's connections it came from. */
interface Notice {
  at: number;
  /** The outcome of the last start. */
  telling: Promise<void>;
  /** Whether they see the user typing. */
  isShown: boolean;
  /** A start that came too soon after a stop. */
  late?: (() => Promise<void>) | undefined;
  timer?: NodeJS.Timeout;
}

/** Keeps the news of who types few, however often a client says so: a start is told once in `everyMs`, and a stop only after a start. */
export class TypingNotices {
  readonly #everyMs: number;
  readonly #notices = new Map<string, Notice>();

  constructor({ everyMs }: { everyMs: number }) {
    this.#everyMs = everyMs;
  }

  /** Tells a start now, with a start of a moment ago, or after a while. Throws what `tell` throws. */
  async start(key: string, tell: () => Promise<void>): Promise<void> {
    const last = this.#notices.get(key);
    if (last !== undefined && Date.now() - last.at < this.#everyMs) {
      if (!last.isShown) last.late = tell;
      return last.telling;
    }
    clearTimeout(last?.timer);
    const notice: Notice = { at: Date.now(), telling: tell(), isShown: true };
    this.#notices.set(key, notice);
    try {
      await notice.telling;
    } catch (error) {
      this.#takeBack(key, { notice, last });
      throw error;
    }
  }

  /** Tells a stop, if a start was told. Resolves to whether it was; throws what `tell` throws, and the start then still shows. */
  async stop(key: string, tell: () => Promise<void>): Promise<boolean> {
    const notice = this.#notices.get(key);
    if (!this.hide(key) || notice === undefined) return false;
    // In the order in which they came.
    const wasTold = await notice.telling.then(
      () => true,
      () => false,
    );
    if (!wasTold) return false;
    try {
      await tell();
    } catch (error) {
      if (!this.#notices.has(key)) this.#notices.set(key, notice);
      notice.isShown = true;
      throw error;
    }
    return true;
  }

  /** The others do not see it any more, or are about to be told so; false when they did not see it before. */
  hide(key: string): boolean {
    const notice = this.#notices.get(key);
    if (notice === undefined) return false;
    notice.late = undefined;
    if (!notice.isShown) return false;
    notice.isShown = false;
    const waitMs = Math.max(0, notice.at + this.#everyMs - Date.now());
    clearTimeout(notice.timer);
    notice.timer = setTimeout(() => this.#settle(key, notice), waitMs).unref();
    return true;
  }

  close(): void {
    for (const notice of this.#notices.values()) clearTimeout(notice.timer);
    this.#notices.clear();
  }

  /** The time is over: who has begun again meanwhile is told of, and all others are forgotten. */
  #settle(key: string, notice: Notice): void {
    if (this.#notices.get(key) !== notice || notice.isShown) return;
    this.#notices.delete(key);
    // Passing news: what can't be told now comes with the next refresh.
    if (notice.late !== undefined) this.start(key, notice.late).catch(() => undefined);
  }

  /** The start was told to nobody; what the others saw before they see still. */
  #takeBack(key: string, { notice, last }: { notice: Notice; last: Notice | undefined }): void {
    const isOver = !notice.isShown;
    notice.isShown = false;
    if (this.#notices.get(key) !== notice) return;
    clearTimeout(notice.timer);
    if (last?.isShown && !isOver) this.#notices.set(key, last);
    else this.#notices.delete(key);
  }
}
