/** @typedef {{position: number, text: string}} Message */

/**
 * What one member of a chat did and saw from coming to leaving, for `judgeVisit`. A message is `{position, text}`; its position is its
 * number in the chat (native), or an integer that grows along the chat (the other contracts). A view is one connection's life.
 */
export function createVisitLog() {
  /** @type {Map<string, {text: string, view: number, isAcknowledged: boolean, isUnsure: boolean}>} */
  const sends = new Map();
  /** @type {{liveFrom: number | undefined, isCut: boolean, shown: Message[]}[]} */
  const views = [];
  /** @type {Message[]} */
  const caughtUp = [];
  const log = {
    sends,
    views,
    caughtUp,
    /** The newest position that was stored when the visit began; what came later is judged. */
    since: undefined,
    connected: () => void views.push({ liveFrom: undefined, isCut: false, shown: [] }),
    /** Everything behind this position is owed to the connection. */
    liveFrom(position) {
      const view = views.at(-1);
      view.liveFrom = position;
      log.since ??= position;
    },
    cut() {
      const view = views.at(-1);
      if (view) view.isCut = true;
    },
    shown: (message) => void views.at(-1)?.shown.push(message),
    sent: (text) =>
      void sends.set(text, { text, view: views.length, isAcknowledged: false, isUnsure: false }),
    unsure(text) {
      sends.get(text).isUnsure = true;
    },
    acknowledged(text) {
      sends.get(text).isAcknowledged = true;
    },
    /** The newest position that the member knows, live or from catching up. */
    newest: () =>
      [...views.flatMap(({ shown }) => shown), ...caughtUp].reduce(
        (newest, { position }) => Math.max(newest, position),
        log.since ?? 0,
      ),
  };
  return log;
}
