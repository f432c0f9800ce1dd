import { createStore } from "../store.js";
import { useStore } from "../use-store.js";

interface Toast {
  id: number;
  text: string;
}

const SHOWN_MS = 8_000;
const store = createStore<readonly Toast[]>([]);
let latest = 0;

/** Says in a corner, and aloud, that something was done. */
export function tell(text: string): void {
  latest += 1;
  const toast = { id: latest, text };
  store.write([...store.read().slice(-3), toast]);
  setTimeout(() => store.write(store.read().filter(({ id }) => id !== toast.id)), SHOWN_MS);
}

export function Toasts() {
  const toasts = useStore(store);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text }) => (
        <div key={id} className="notice is-good">
          {text}
        </div>
      ))}
    </div>
  );
}
