/** How long an exchange with a push service may take, and how much of an answer is read. Times in milliseconds, sizes in bytes. */
export interface PostLimits {
  /** From now until there is a connection, when none is idle. */
  connectMs: number;
  /** From now until the answer's headers are there. */
  headersMs: number;
  answerBytes: number;
  answerHeaderBytes: number;
}

export interface PostRequest {
  /** With the query. */
  path: string;
  /** Names and values in turns; the host's comes by itself. */
  headers: string[];
  body: Uint8Array;
  /** From now to the end of the answer, whatever trickles in meanwhile. */
  leftMs: number;
}

export interface PostAnswer {
  statusCode: number;
  retryAfter: string | undefined;
  date: string | undefined;
  /** The beginning of the body of anything but a success. */
  text: string;
}

export interface PostFailure {
  timedOut: boolean;
  /** Node's or our own code: `ECONNREFUSED`, `CONNECT_TIMEOUT`, … */
  code: string;
  /**
   * Whether an idle connection turned out to have been closed: nobody is to blame, and another attempt may follow at once. It is not known
   * whether the service read the push; trying later would leave that open as well.
   */
  stale: boolean;
}

export type PostResult = { answer: PostAnswer; failure?: never } | { failure: PostFailure; answer?: never };

export const NO_TIME_LEFT: PostFailure = { timedOut: true, code: "NO_TIME_LEFT", stale: false };
