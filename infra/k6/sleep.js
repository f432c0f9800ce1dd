import { setTimeout } from "k6/timers";

/** Waits without holding up the sockets of the virtual user, as k6's own `sleep` would. */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
