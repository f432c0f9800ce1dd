import { createMember } from "./create-member.js";
import { isUpToDate, judgeVisit } from "./judge-visit.js";
import { messageText } from "./message-text.js";
import { metrics } from "./metrics.js";
import { ConnectionLost } from "./pending-answers.js";
import { sleep } from "./sleep.js";
import { createVisitLog } from "./visit-log.js";

const LOOK_EVERY_MS = 50;
const SHOWN_FINDINGS = 5;
const IN_FLIGHT = 3;

/**
 * One visit to a chat: connects, takes turns until `endAt`, breaks the connection at each moment of `dropsAt` (both milliseconds of the clock) and
 * comes back, and in the end holds what was shown against what is stored. `turns` are functions of the member that resolve when the turn is over.
 */
export async function visitChat(seat, { endAt, dropsAt = [], turns = [] }) {
  const log = createVisitLog();
  const member = createMember(seat, log);
  member.sayNext = createSpeaker(seat, member);
  try {
    await member.connect();
    await takeTurns(member, seat, { endAt, dropsAt: [...dropsAt], turns: [sayOne, saySome, ...turns] });
    await judge(member, seat, log);
  } catch (error) {
    metrics.unjudged.add(1, member.tags);
    console.error(`${seat.contract.name}, user ${seat.userId}: ${error?.stack ?? error}`);
  } finally {
    member.drop();
  }
}

let said = 0;

function createSpeaker({ userId }, member) {
  return (via = sayOverSocket) => {
    said += 1;
    const text = messageText({ user: userId, count: said, sentAt: Date.now() });
    return member.say({ text, clientId: text, via });
  };
}

function sayOverSocket(client, text, clientId) {
  return client.say(text, clientId);
}

async function sayOne(member) {
  await member.sayNext();
}

/** Several in flight, where answers can be told apart: they must be stored in the order in which they were sent. */
async function saySome(member, { contract }) {
  const count = contract.canRetry ? IN_FLIGHT : 1;
  await Promise.all(Array.from({ length: count }, () => member.sayNext()));
}

async function takeTurns(member, seat, { endAt, dropsAt, turns }) {
  const { paceMs, turns: enough } = seat.settings;
  const isOver = (taken) => (enough > 0 ? taken >= enough && dropsAt.length === 0 : Date.now() >= endAt);
  for (let taken = 0; !isOver(taken); taken += 1) {
    const pauseUntil = Date.now() + paceMs * (0.5 + Math.random());
    const dropAt = dropsAt[0] ?? Number.POSITIVE_INFINITY;
    await sleep(Math.min(pauseUntil, dropAt, enough > 0 ? dropAt : endAt) - Date.now());
    if (Date.now() >= dropAt) {
      dropsAt.shift();
      await dropAndReturn(member, seat);
    } else if (!isOver(taken)) {
      await takeTurn(member, seat, turns[Math.floor(Math.random() * turns.length)]);
    }
  }
}

async function takeTurn(member, seat, turn) {
  if (!member.isConnected()) await member.connect();
  await turn(member, seat).catch((error) => {
    // The next turn comes back, and what was being said has seen to itself.
    const isPassing = error instanceof ConnectionLost || error.retryAfterMs !== undefined;
    if (!isPassing) throw error;
  });
}

/** With sends in flight, whose answers nobody will hear. */
async function dropAndReturn(member, seat) {
  const talk = saySome(member, seat);
  member.drop();
  await Promise.all([talk, member.connect()]);
}

async function judge(member, seat, log) {
  const stored = await readStoredAndShown(member, seat, log);
  const findings = judgeVisit(log, { stored, isGapless: seat.contract.isGapless });
  metrics.judged.add(1, member.tags);
  const where = `${seat.contract.name}, chat ${seat.chat.id ?? seat.chat.people.join(" and ")}, user ${seat.userId}`;
  for (const [kind, sentences] of Object.entries(findings)) {
    metrics[kind].add(sentences.length, member.tags);
    for (const sentence of sentences.slice(0, SHOWN_FINDINGS))
      console.error(`${kind}: ${where}: ${sentence}`);
  }
}

/** What is stored, as soon as its last message was shown or the patience is over. A connection that breaks meanwhile is owed nothing: once more, then. */
async function readStoredAndShown(member, { settings }, log) {
  for (;;) {
    if (!member.isConnected()) await member.connect();
    const stored = await member.client().storedSince(log.since);
    const last = stored.at(-1)?.position ?? log.since;
    const view = log.views.at(-1);
    const giveUpAt = Date.now() + settings.patienceMs;
    while (!isUpToDate(view, last) && member.isConnected() && Date.now() < giveUpAt)
      await sleep(LOOK_EVERY_MS);
    if (member.isConnected()) return stored;
  }
}
