import type { IncomingMessage } from "node:http";
import type { Engine } from "@parley/engine";
import {
  createPresence,
  createRoomPresence,
  type Log,
  type Presence,
  type Redis,
  type RoomPresence,
  Viewing,
} from "@parley/platform";
import { addressKey } from "../auth/address-key.js";
import { createClientAddress } from "../auth/client-address.js";
import type { ApiConfig } from "../config.js";
import { Admission } from "./admission.js";
import { Arrivals } from "./arrivals.js";
import { CommandSlots } from "./command-slots.js";
import { ConnectPace } from "./connect-pace.js";
import { Doorstep } from "./doorstep.js";
import type { FanOut } from "./fan-out.js";
import type { LiveConnections } from "./live-connections.js";
import { createPresenceAnnouncer } from "./presence-announcer.js";
import { Typing } from "./typing.js";
import { createVisitAnnouncer } from "./visit-announcer.js";

export interface ReceptionOptions {
  engine: Engine;
  config: ApiConfig;
  redis: { cache: Redis };
  log: Log;
  connections: LiveConnections;
  fanOut: FanOut;
}

/** What the connections of all contracts share: who may come in, who is there, who types, what they look at. */
export interface Reception {
  arrivals: Arrivals;
  presence: Presence;
  /** Who has which open chat open. */
  visitors: RoomPresence;
  viewing: Viewing;
  typing: Typing;
  doorstep: Doorstep;
  /** What stands for the address of a handshake in limits. */
  addressOf: (request: IncomingMessage) => string;
  admission: Admission;
  pace: ConnectPace;
  slots: CommandSlots;
  /** Resolves when what was to be told of those who left has been handed on, or after a moment. */
  close(): Promise<void>;
}

/** Less than an unknown transport may stay: who would wait longer is better served elsewhere, or a moment later. */
const LONGEST_WAIT_SECONDS = 3;

export function createReception(options: ReceptionOptions): Reception {
  const { config, log, redis } = options;
  const typing = new Typing({
    timeoutMs: config.TYPING_TIMEOUT_MS,
    onExpired: (typist) => arrivals.endTyping(typist),
  });
  const announcer = createPresenceAnnouncer(options);
  const place = { redis: redis.cache, node: config.NODE_NAME, prefix: `${config.REDIS_PREFIX}:{presence}` };
  const viewing = new Viewing(place);
  const presence = createPresence({ ...place, log, onChange: (state) => announcer.add(state) });
  const { visitors, visitAnnouncer } = openVisitors(options);
  const arrivals: Arrivals = new Arrivals({ ...options, presence, visitors, viewing, typing });
  const admission = new Admission({
    connections: config.MAX_CONNECTIONS,
    perUser: config.MAX_CONNECTIONS_PER_USER,
  });
  const pace = new ConnectPace({
    perSecond: config.CONNECTS_PER_SECOND,
    mostWaiting: config.CONNECTS_PER_SECOND * LONGEST_WAIT_SECONDS,
  });
  presence.start();
  visitors.start();
  viewing.start();
  const close = async () => {
    typing.close();
    await Promise.all([presence.stop(), visitors.stop(), viewing.stop()]);
    await Promise.all([announcer.flush(), visitAnnouncer.flush()]);
    await arrivals.settle();
  };
  const clientAddress = createClientAddress(config);
  const addressOf = (request: IncomingMessage) => addressKey(clientAddress(request));
  const door = { doorstep: new Doorstep(), addressOf, admission, pace, slots: new CommandSlots() };
  return { arrivals, presence, visitors, viewing, typing, ...door, close };
}

function openVisitors({ engine, config, redis, log }: ReceptionOptions) {
  const visitors: RoomPresence = createRoomPresence({
    redis: redis.cache,
    node: config.NODE_NAME,
    prefix: `${config.REDIS_PREFIX}:{presence}:rooms`,
    log,
    onChange: ({ room, userId, isHere }) =>
      visitAnnouncer.add({ chatId: room, userId, isHere, at: engine.clock().toISOString() }),
  });
  const countVisitors = (chatIds: string[]) => visitors.count(chatIds);
  const visitAnnouncer = createVisitAnnouncer({ engine, countVisitors, log });
  return { visitors, visitAnnouncer };
}
