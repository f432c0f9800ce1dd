import type { Clock } from "./clock.js";
import type { Dial } from "./connection/link.js";
import type { Store } from "./store/store.js";
import type { TokenSource } from "./token-source.js";
import type { RestClient } from "./wire/rest-client.js";

/** What a client is made of besides itself; tests bring their own. */
export interface ClientParts {
  clock: Clock;
  random: () => number;
  tokens: TokenSource;
  userId: string | undefined;
  store: Store;
  dial: Dial;
  rest: RestClient;
}
