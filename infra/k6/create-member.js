import { readMessageText } from "./message-text.js";
import { metrics } from "./metrics.js";
import { ConnectionLost, Refused, Unanswered } from "./pending-answers.js";
import { sleep } from "./sleep.js";

const LONGEST_PAUSE_MS = 5_000;

/** What refuses a message for sure, as the contracts call it; of `database_unavailable`, only a retry tells what became of the message. */
const NOT_STORED = new Set(["rate_limited", "overloaded", 429]);

/**
 * Somebody who takes part in a chat, and comes back when the connection breaks. `seat` is `{settings, contract, chat, userId}`; `log` gets what happens.
 * The result: `connect()`, `drop()`, `say({text, clientId, via})`, which resolves when it is acknowledged, and `client()`, the present connection.
 */
export function createMember(seat, log) {
  const state = { client: undefined, connecting: undefined, tags: { contract: seat.contract.name } };
  const member = {
    tags: state.tags,
    client: () => state.client,
    isConnected: () => state.client?.isOpen() ?? false,
    connect() {
      state.connecting ??= comeIn({ seat, log, state }).finally(() => {
        state.connecting = undefined;
      });
      return state.connecting;
    },
    drop() {
      state.client?.close();
    },
    say: (message) => sayUntilStored({ member, seat, log }, message),
  };
  return member;
}

/** Tries until the patience is over, like a client: at random moments, further and further apart. */
async function comeIn({ seat, log, state }) {
  const isReturn = log.views.length > 0;
  const beganAt = Date.now();
  for (let pause = 250; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    try {
      await enter({ seat, log, state });
      metrics.connectMs.add(Date.now() - beganAt, state.tags);
      metrics.failed.add(false, state.tags);
      if (isReturn) metrics.reconnects.add(1, state.tags);
      return;
    } catch (error) {
      log.cut();
      state.client?.close();
      const isFinal = error instanceof Refused && error.retryAfterMs === undefined;
      if (isFinal || Date.now() - beganAt > seat.settings.patienceMs) {
        metrics.failed.add(true, state.tags);
        throw error;
      }
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}

async function enter({ seat, log, state }) {
  // What the connection before was shown ends here; what this one is shown begins before it is ready.
  log.cut();
  const knew = log.newest();
  log.connected();
  const onMessage = (message) => {
    log.shown(message);
    metrics.received.add(1, state.tags);
    const { sentAt } = readMessageText(message.text) ?? {};
    if (sentAt !== undefined) metrics.deliveryMs.add(Math.max(0, Date.now() - sentAt), state.tags);
  };
  state.client = await seat.contract.connect({ ...seat, onMessage });
  const isReturn = log.since !== undefined;
  const newest = await state.client.newest();
  log.liveFrom(newest);
  if (!isReturn) return;
  const missed = await (state.client.catchUp ?? state.client.storedSince)(knew);
  log.caughtUp.push(...missed);
  metrics.caughtUp.add(missed.length, state.tags);
}

/** Says something until the answer is certain; after a lost connection under the same client id, where the contract has them. */
async function sayUntilStored({ member, seat, log }, { text, clientId, via }) {
  const { tags } = member;
  log.sent(text);
  metrics.sent.add(1, tags);
  const beganAt = Date.now();
  for (;;) {
    try {
      await via(member.client(), text, clientId);
      log.acknowledged(text);
      metrics.acknowledged.add(1, tags);
      metrics.ackMs.add(Date.now() - beganAt, tags);
      metrics.failed.add(false, tags);
      return;
    } catch (error) {
      log.unsure(text);
      if (await isOver(error, { member, seat })) return;
    }
  }
}

/** Whether a send that was not acknowledged is over; waits for the moment of the next try when it is not. */
async function isOver(error, { member, seat }) {
  const isPutOff = error instanceof Refused && error.retryAfterMs !== undefined;
  const mayBeStored = error instanceof ConnectionLost || (isPutOff && !NOT_STORED.has(error.code));
  if (mayBeStored && !seat.contract.canRetry) {
    metrics.uncertain.add(1, member.tags);
    return true;
  }
  if (isPutOff) {
    metrics.refused.add(1, member.tags);
    await sleep(error.retryAfterMs * (1 + Math.random()));
    return false;
  }
  if (error instanceof ConnectionLost) {
    await member.connect();
    return false;
  }
  metrics.failed.add(true, member.tags);
  if (!(error instanceof Unanswered)) throw error;
  metrics.unanswered.add(1, member.tags);
  return true;
}
