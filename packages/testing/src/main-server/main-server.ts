/** One account as the main server's user API tells it. Values of wrong types can be put in on purpose. */
export interface MainServerUser {
  account: unknown;
  nickname?: unknown;
  avatar?: unknown;
}

/**
 * How the server answers: as it should, never, a byte now and then without end, with a status of trouble, with something that is no JSON,
 * with an answer without end, or by sending the asker elsewhere.
 */
export type MainServerMood =
  | "well"
  | "hangs"
  | "drips"
  | "fails"
  | "refuses"
  | "babbles"
  | "floods"
  | "redirects";

/** A main server, which owns the users of a product and tells who they are. */
export interface MainServer {
  /** What USER_DIRECTORY_URL has to be. */
  url: string;
  /** What USER_DIRECTORY_TOKEN has to be. */
  token: string;
  /** Accounts by the name under which they are asked for. */
  users: Map<string, MainServerUser>;
  /** The accounts that were asked for, in order, as they stood in the path. */
  asked: string[];
  /** How many requests for one account were under way at the same time, at most. */
  mostAtOnce(): number;
  /** How many requests wait for an answer at the moment. */
  waiting(): number;
  /** Answers what hangs as well, when it is well again. */
  behave(mood: MainServerMood): void;
  /** Ends it, or breaks it down: connections are cut. */
  stop(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
}
