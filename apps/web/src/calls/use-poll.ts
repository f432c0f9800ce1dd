import { useEffect, useRef, useState } from "react";
import { liveStore } from "../layout/live-store.js";
import { sessionStore } from "../session/session.js";
import type { CallFailure } from "./call-failure.js";
import { type Polling, startPolling } from "./poll.js";

/** What is known of something that the server is asked again and again. */
export interface Poll<Data> {
  data: Data | undefined;
  /** Of the latest try; the data are then those of an earlier one. */
  failure: CallFailure | undefined;
  /** When the data came, in milliseconds since 1970. */
  loadedAt: number;
  refresh(): void;
}

interface Known {
  data: unknown;
  loadedAt: number;
}

/** Answers outlive their page, so that coming back to one shows something at once. */
const known = new Map<string, Known>();
const MOST_KNOWN = 100;
sessionStore.follow(() => {
  if (sessionStore.read().session === undefined) known.clear();
});

function remember(key: string, entry: Known): void {
  known.delete(key);
  known.set(key, entry);
  const [oldest] = known.keys();
  if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
}

const isResting = () => document.hidden || !liveStore.read();

/** Keeps something of the server's on the page. `key` names it, with everything that `load` depends on. */
export function usePoll<Data>(key: string, load: () => Promise<Data>, everyMs = 5000): Poll<Data> {
  const [, draw] = useState(0);
  const failure = useRef<CallFailure>(undefined);
  const polling = useRef<Polling>(undefined);
  const latestLoad = useRef(load);
  latestLoad.current = load;
  useEffect(() => {
    failure.current = undefined;
    const redraw = () => draw((count) => count + 1);
    const current = startPolling({
      load: () => latestLoad.current(),
      everyMs,
      isResting: () => isResting() && known.has(key),
      onData: (data) => {
        remember(key, { data, loadedAt: Date.now() });
        failure.current = undefined;
        redraw();
      },
      onFailure: (trouble) => {
        failure.current = trouble;
        redraw();
      },
    });
    polling.current = current;
    document.addEventListener("visibilitychange", current.wake);
    const unfollow = liveStore.follow(current.wake);
    return () => {
      current.stop();
      document.removeEventListener("visibilitychange", current.wake);
      unfollow();
    };
  }, [key, everyMs]);
  const entry = known.get(key);
  return {
    data: entry?.data as Data | undefined,
    loadedAt: entry?.loadedAt ?? 0,
    failure: failure.current,
    refresh: () => polling.current?.hurry(),
  };
}
