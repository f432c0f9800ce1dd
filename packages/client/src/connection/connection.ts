import { backOff } from "../back-off.js";
import type { Clock } from "../clock.js";
import { asRefusal, ParleyRefusal } from "../refusal.js";
import type { TokenSource } from "../token-source.js";
import type { Dial, Heard, Link } from "./link.js";

/** `waiting`: between two attempts. `refused`: the server does not want this client; `connect()` tries again. */
export type Status = "connecting" | "live" | "waiting" | "refused" | "closed";

export interface ConnectionParts {
  dial: Dial;
  tokens: TokenSource;
  clock: Clock;
  random: () => number;
  /** Who must be signed in; unset: whoever the first token names. */
  userId: string | undefined;
  onStatus(status: Status, why?: ParleyRefusal): void;
  /** A link is live; called before anything is heard on it. */
  onLive(link: Link, userId: string): void;
  onHeard(event: Heard): void;
  /** The server did what it was asked on the live link. */
  onAnswered(): void;
}

/** Attempts to get a token, one after another, before the user is taken for signed out. */
const TOKEN_ATTEMPTS = 3;

/** Keeps a link to the server for as long as the client lives, and comes back after every loss. */
export class Connection {
  readonly #parts: ConnectionParts;
  #status: Status = "waiting";
  #link: Link | undefined;
  #token = "";
  #userId: string | undefined;
  #running = false;
  #failures = 0;
  #tokenFailures = 0;
  /** When the server said to come back. */
  #comeBackMs: number | undefined;
  /** The server's last word, where it was not to come back. */
  #final: ParleyRefusal | undefined;
  #renewing: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#userId = parts.userId;
  }

  get status(): Status {
    return this.#status;
  }

  /** The live link, if there is one. */
  get link(): Link | undefined {
    return this.#status === "live" ? this.#link : undefined;
  }

  /** Begins; while waiting for the next attempt, makes it now; after a refusal, tries again. */
  start(): void {
    if (this.#status === "closed") return;
    this.#wake?.();
    if (!this.#running) void this.#run();
  }

  /** What came after the connection works as well: the next loss waits only shortly. */
  settled(): void {
    this.#failures = 0;
  }

  /** Shows the live link a fresh token, once for all who ask. Rejects when there is none. */
  renew(): Promise<void> {
    this.#renewing ??= this.#reauthenticate().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  close(): void {
    this.#say("closed");
    this.#link?.close();
    this.#link = undefined;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#status !== "closed") {
      this.#say("connecting");
      const why = await this.#live();
      if (this.#isClosed()) break;
      const final = this.#finalWord(why);
      if (final !== undefined) {
        this.#running = false;
        this.#say("refused", final);
        return;
      }
      this.#say("waiting", why);
      await this.#pause(this.#waitMs(why));
    }
    this.#running = false;
  }

  #isClosed(): boolean {
    return this.#status === "closed";
  }

  /** One attempt, and the life of the link if it succeeds; resolves with what ended it. */
  async #live(): Promise<ParleyRefusal> {
    try {
      this.#token = await this.#parts.tokens.get();
      const why = await this.#dial();
      if (!why.unauthenticated || this.#isClosed()) return why;
      await this.#freshToken();
      return await this.#dial();
    } catch (error) {
      return asRefusal(error);
    }
  }

  async #freshToken(): Promise<void> {
    try {
      this.#token = await this.#parts.tokens.refresh(this.#token);
      this.#tokenFailures = 0;
    } catch (cause) {
      this.#tokenFailures++;
      throw new ParleyRefusal({ code: "token_unavailable", message: "There is no fresh token." }, { cause });
    }
  }

  #dial(): Promise<ParleyRefusal> {
    if (this.#isClosed()) return Promise.resolve(asRefusal(new Error("closed")));
    this.#comeBackMs = undefined;
    this.#final = undefined;
    return new Promise((resolve) => {
      const dialled = this.#parts.dial(this.#token, {
        opened: (userId) => this.#open({ link, userId, resolve }),
        heard: (event) => this.#hear(event),
        lost: (why) => {
          this.#link = undefined;
          resolve(this.#final ?? why);
        },
      });
      const link = watched(dialled, this.#parts.onAnswered);
      this.#link = link;
    });
  }

  #open(opened: { link: Link; userId: string; resolve: (why: ParleyRefusal) => void }): void {
    const { link, userId, resolve } = opened;
    this.#userId ??= userId;
    if (this.#userId !== userId) {
      link.close();
      this.#link = undefined;
      const message = `The token is ${userId}'s, and this client is ${this.#userId}'s.`;
      this.#final = new ParleyRefusal({ code: "user_differs", message });
      resolve(this.#final);
      return;
    }
    this.#say("live");
    this.#parts.onLive(link, userId);
  }

  #hear(event: Heard): void {
    if (event.name === "server_draining") this.#comeBackMs = event.payload.retryAfterMs;
    else if (event.name === "connection_ending") this.#hearEnding(event.payload);
    else if (event.name === "token_expiring") void this.renew().catch(() => undefined);
    else this.#parts.onHeard(event);
  }

  #hearEnding(ending: { reason: string; message: string; reconnect: boolean }): void {
    // An expired token is no last word: the next attempt brings a fresh one.
    if (ending.reconnect || ending.reason === "token_expired") return;
    this.#final = new ParleyRefusal({ code: ending.reason, message: ending.message });
  }

  async #reauthenticate(): Promise<void> {
    await this.#freshToken();
    await this.link?.ask("reauthenticate", { token: this.#token });
  }

  #finalWord(why: ParleyRefusal): ParleyRefusal | undefined {
    if (why === this.#final || why.unauthenticated) return why;
    return why.code === "token_unavailable" && this.#tokenFailures >= TOKEN_ATTEMPTS ? why : undefined;
  }

  #waitMs(why: ParleyRefusal): number {
    // A draining node tells each client a time of its own, and is no failure; other hints are the same for everyone.
    if (this.#comeBackMs !== undefined) return this.#comeBackMs;
    return (why.retryAfterMs ?? 0) + backOff(this.#failures++, this.#parts.random);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, () => this.#wake?.());
      this.#wake = () => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #say(status: Status, why?: ParleyRefusal): void {
    if (this.#status === status || this.#status === "closed") return;
    this.#status = status;
    this.#parts.onStatus(status, why);
  }
}

/** A link whose good answers are noticed, whoever asked. */
function watched(link: Link, onAnswered: () => void): Link {
  return {
    close: () => link.close(),
    ask: async (name, input) => {
      const answer = await link.ask(name, input);
      onAnswered();
      return answer;
    },
  };
}
