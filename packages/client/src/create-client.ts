import { Client } from "./client.js";
import { systemClock } from "./clock.js";
import { dialSocket } from "./connection/dial-socket.js";
import type { ClientOptions, ParleyClient } from "./parley-client.js";
import { browserGlobals } from "./store/browser-globals.js";
import { indexedDbStore } from "./store/indexed-db-store.js";
import { memoryStore } from "./store/memory-store.js";
import { createTokenSource } from "./token-source.js";
import { createRestClient } from "./wire/rest-client.js";

const ANSWER_MS = 10_000;

/** Makes a client and connects it. It comes back after every loss by itself, until it is closed. */
export function createClient(options: ClientOptions): ParleyClient {
  const { url, userId, transports = ["websocket"] } = options;
  if (options.store !== undefined && userId === undefined) {
    throw new TypeError("A store belongs to one user: give `userId` with `store`.");
  }
  const clock = systemClock;
  const tokens = createTokenSource(options.token);
  return new Client({
    clock,
    random: Math.random,
    tokens,
    userId,
    store: options.store ?? standardStore(url, userId),
    dial: dialSocket({ url, transports, answerMs: ANSWER_MS }),
    rest: createRestClient({ url, tokens, clock, answerMs: ANSWER_MS }),
  });
}

function standardStore(url: string, userId: string | undefined) {
  const persistent = userId !== undefined && browserGlobals().indexedDB !== undefined;
  return persistent ? indexedDbStore(`${new URL(url).host} ${userId}`) : memoryStore();
}
