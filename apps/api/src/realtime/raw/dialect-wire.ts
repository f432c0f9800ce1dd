import { setTimeout as sleep } from "node:timers/promises";
import type { Change, Signal } from "@parley/contracts";
import type { Dialect, Said, Telling } from "@parley/dialects";
import type { Engine } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { Frames, Outbound, Wire } from "../wire.js";

export interface DialectWireOptions {
  dialect: Dialect;
  engine: Engine;
  log: Log;
  /** Milliseconds between two attempts of an encoder that failed. */
  retryMs?: number;
}

type Encoded = { toAll: readonly string[] } | { toEach: (userId: string) => readonly string[] };

const RETRY_MS = 500;
/** After so many, whoever waits for the event is sent away to come back and read. */
const ATTEMPTS = 20;
const NOTHING: Outbound = { toAll: [] };

/** Makes a dialect's way of saying what has happened from its encoders. */
export function createDialectWire(options: DialectWireOptions): Wire {
  const { dialect, engine } = options;
  const changes = dialect.socket.outbound.changes as Encoders;
  const signals = dialect.socket.outbound.signals as Encoders;
  const tell = (encoders: Encoders, event: Change | Signal): Outbound => {
    const { body, chatId } = event;
    // Also what only a newer version knows.
    if (!Object.hasOwn(encoders, body.name)) return NOTHING;
    return outboundOf(options, () => encoders[body.name]?.({ engine, chatId, body }) ?? []);
  };
  return {
    change: (change) => tell(changes, change),
    signal: (signal) => tell(signals, signal),
    // No dialect has private reading.
    privateRead: () => NOTHING,
  };
}

type Encoders = Record<
  string,
  (news: { engine: Engine; chatId: string | null; body: unknown }) => Telling | Promise<Telling>
>;

function outboundOf(options: DialectWireOptions, tell: () => Telling | Promise<Telling>): Outbound {
  let telling: Telling | Promise<Telling>;
  try {
    telling = tell();
  } catch (error) {
    telling = Promise.reject(error);
  }
  if (!(telling instanceof Promise)) return encode(telling);
  const encoded: Promise<Encoded> = keepTrying(options, { first: telling, tell }).then(encode);
  // Whoever has to tell it hears of a failure; without a receiver nobody does.
  encoded.catch(() => undefined);
  return {
    toEach: (userId): Frames => {
      const later = encoded.then((known) => framesFor(known, userId));
      // Nor does a receiver that is gone before its turn comes.
      later.catch(() => undefined);
      return { later };
    },
  };
}

async function keepTrying(
  options: DialectWireOptions,
  { first, tell }: { first: Promise<Telling>; tell: () => Telling | Promise<Telling> },
): Promise<Telling> {
  const { log, dialect, retryMs = RETRY_MS } = options;
  let attempt = first;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt;
    } catch (error) {
      if (failures === 1 || failures >= ATTEMPTS) {
        log.warn({ err: error, dialect: dialect.name, failures }, "an event could not be put into words");
      }
      if (failures >= ATTEMPTS) throw error;
      await sleep(retryMs, undefined, { ref: false });
      attempt = Promise.resolve().then(tell);
    }
  }
}

function encode(telling: Telling): Encoded {
  if (!("toEach" in telling)) return { toAll: texts(telling) };
  const { toEach } = telling;
  const known = new Map<Said, readonly string[]>();
  return {
    toEach: (userId) => {
      const said = toEach(userId);
      const frames = known.get(said) ?? texts(said);
      known.set(said, frames);
      return frames;
    },
  };
}

function texts(said: Said): readonly string[] {
  return said.map((frame) => JSON.stringify(frame));
}

function framesFor(encoded: Encoded, userId: string): readonly string[] {
  return "toAll" in encoded ? encoded.toAll : encoded.toEach(userId);
}
