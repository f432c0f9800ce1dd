import type { EndpointPolicy } from "@parley/engine";
import type { Log } from "@parley/platform";
import { type Clock, systemClock } from "./clock.js";
import { type Resolve, resolveAll } from "./guarded-lookup.js";
import { openEncryption } from "./open-encryption.js";
import { assertSendable, type Push } from "./push.js";
import { DEFAULT_PUSH_LIMITS, type PushLimits } from "./push-limits.js";
import type { OriginStatus } from "./push-origin.js";
import { createPushOrigins } from "./push-origins.js";
import type { PushOutcome } from "./push-outcome.js";
import { sendPush } from "./send-push.js";
import { createServiceAlarms } from "./service-alarms.js";
import type { VapidKeys } from "./vapid-keys.js";
import { createVapidTokens } from "./vapid-tokens.js";

export interface PushSenderOptions {
  vapid: VapidKeys;
  policy: EndpointPolicy;
  log: Log;
  limits?: Partial<PushLimits>;
  /** Threads that encrypt; 0 encrypts on this one. 1 when left out. */
  encryptionThreads?: number;
  /** Told of every push, for metrics: `service`, `kind`, `reason` and the class are of bounded number, the other facts are not. */
  onOutcome?: (outcome: PushOutcome, push: Push) => void;
  clock?: Clock;
  /** How host names become addresses; the system's way when left out. */
  resolve?: Resolve;
  /** Certificates to trust instead of the system's, for push services with a certificate of their own making. */
  ca?: string;
}

export interface PushSender {
  /** Resolves with what became of the push, whatever a service does. Rejects with a `RangeError` when `push` itself makes no sense. */
  send(push: Push): Promise<PushOutcome>;
  /** Each origin pushed to lately. */
  originStatus(): OriginStatus[];
  /** Sends no more, waits for the pushes that are under way, and closes all connections. */
  close(): Promise<void>;
}

/** Sends pushes over Web Push (RFC 8030), and says of each what became of it. Knows no database: what follows is the caller's. */
export function createPushSender(options: PushSenderOptions): PushSender {
  const { log, onOutcome, encryptionThreads = 1, clock = systemClock, resolve = resolveAll, ca } = options;
  const limits = { ...DEFAULT_PUSH_LIMITS, ...options.limits };
  const origins = createPushOrigins({ limits, clock, resolve, ca });
  const encryption = openEncryption({ threads: encryptionThreads, clock, log });
  const tell = (outcome: PushOutcome, push: Push) => {
    try {
      onOutcome?.(outcome, push);
    } catch (error) {
      // What has been sent must not look as if it had not been, or it is sent again.
      log.error({ err: error }, "A push's outcome could not be counted");
    }
  };
  const underWay = createCountdown();
  let closing = false;
  const parts = {
    policy: options.policy,
    limits,
    clock,
    origins,
    encryption,
    tokens: createVapidTokens({ keys: options.vapid, clock }),
    alarms: createServiceAlarms({ log, clock }),
    log,
    isClosing: () => closing,
  };
  return {
    send: async (push) => {
      assertSendable(push);
      underWay.add();
      try {
        const outcome = await sendPush(parts, push);
        tell(outcome, push);
        return outcome;
      } finally {
        underWay.remove();
      }
    },
    originStatus: () => origins.all().map((origin) => origin.status()),
    close: async () => {
      closing = true;
      for (const origin of origins.all()) origin.lanes.turnAway();
      await underWay.isEmpty();
      for (const origin of origins.all()) origin.close();
      await encryption.close();
    },
  };
}

function createCountdown() {
  let count = 0;
  let tellEmpty: () => void = () => undefined;
  return {
    add: () => {
      count += 1;
    },
    remove: () => {
      count -= 1;
      if (count === 0) tellEmpty();
    },
    isEmpty: () =>
      new Promise<void>((resolve) => {
        tellEmpty = resolve;
        if (count === 0) resolve();
      }),
  };
}
