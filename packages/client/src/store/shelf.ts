import type { ClientEvents } from "../client-events.js";
import type { Clock } from "../clock.js";
import type { Emitter } from "../emitter.js";
import type { Store, StoreMember, StoreMembership } from "./store.js";

export interface Shelf {
  load(): Promise<Map<string, unknown>>;
  save(changes: ReadonlyArray<readonly [key: string, value: unknown]>): Promise<void>;
  join(member: StoreMember): StoreMembership;
  /** Waits for what is being saved. */
  close(): Promise<void>;
}

const LOAD_MS = 3_000;

/** A store that can't break the client: without it, things are kept in memory only, and the application is told. */
export function createShelf(parts: { store: Store; clock: Clock; events: Emitter<ClientEvents> }): Shelf {
  const { store, clock, events } = parts;
  let saving: Promise<void> = Promise.resolve();
  const report = (error: unknown) => events.emit("trouble", { doing: "storing", error });
  return {
    load: async () => {
      let cancel: () => void = () => undefined;
      // Browsers have been seen to let an opening database wait for ever.
      const late = new Promise<never>((_resolve, reject) => {
        cancel = clock.after(LOAD_MS, () => reject(new Error("the store does not answer")));
      });
      try {
        return new Map(await Promise.race([store.load(), late]));
      } catch (error) {
        report(error);
        return new Map();
      } finally {
        cancel();
      }
    },
    save: (changes) => {
      saving = saving.then(() => store.save(changes)).catch(report);
      return saving;
    },
    join: (member) => {
      if (store.join !== undefined) return store.join(member);
      queueMicrotask(() => member.lead(true));
      return { tell: () => undefined, leave: () => undefined };
    },
    close: async () => {
      await saving;
      store.close?.();
    },
  };
}
