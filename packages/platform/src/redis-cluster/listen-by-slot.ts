import { type Channel, SlotListener, type SlotListenerOptions } from "./slot-listener.js";
import { slotOf } from "./slot-of.js";

/** The subscriptions of a client of a cluster. */
export interface Subscriptions {
  readonly state: "heard" | "moving" | "lost";
}

/**
 * Has a client of a cluster listen at the servers that have the channels' slots, in the place of its own subscriber: that one does not notice a silent
 * connection, and has no sharded channels. Messages come as the events that a client of one server has.
 */
export function listenBySlot(place: Omit<SlotListenerOptions, "slot">): Subscriptions {
  const { cluster } = place;
  const listeners = new Map<number, SlotListener>();
  const listenerOf = (name: string): SlotListener => {
    const slot = slotOf(name);
    const listener = listeners.get(slot) ?? new SlotListener({ ...place, slot });
    listeners.set(slot, listener);
    return listener;
  };
  const add = async (kind: Channel["kind"], names: unknown[]) => {
    await Promise.all(names.map((name) => listenerOf(String(name)).add({ kind, name: String(name) })));
    return names.length;
  };
  const remove = async (kind: Channel["kind"], names: unknown[]) => {
    for (const name of names) {
      const listener = listenerOf(String(name));
      await listener.remove({ kind, name: String(name) });
      if (!listener.isIdle) continue;
      listener.close();
      listeners.delete(slotOf(String(name)));
    }
    return 0;
  };
  cluster.subscribe = ((...names: unknown[]) => add("subscribe", names)) as typeof cluster.subscribe;
  cluster.ssubscribe = ((...names: unknown[]) => add("ssubscribe", names)) as typeof cluster.ssubscribe;
  cluster.unsubscribe = ((...names: unknown[]) => remove("subscribe", names)) as typeof cluster.unsubscribe;
  cluster.sunsubscribe = ((...names: unknown[]) =>
    remove("ssubscribe", names)) as typeof cluster.sunsubscribe;
  cluster.once("end", () => {
    for (const listener of listeners.values()) listener.close();
  });
  return {
    get state() {
      const states = [...listeners.values()].map(({ state }) => state);
      return (
        states.find((state) => state === "lost") ?? states.find((state) => state === "moving") ?? "heard"
      );
    },
  };
}
