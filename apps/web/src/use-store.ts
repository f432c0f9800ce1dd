import { useSyncExternalStore } from "react";
import type { Store } from "./store.js";

/** The store's value, now and whenever it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.follow, store.read);
}
