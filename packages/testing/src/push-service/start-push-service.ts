import { createBehaviourChoice } from "./behaviour-choice.js";
import { createDeliveryCounts, type DeliveryCounts } from "./delivery-counts.js";
import type { Examiner } from "./examine-push.js";
import { createGates } from "./gates.js";
import { handlePush, type PushHandling } from "./handle-push.js";
import { openPushServer, type PushServer } from "./open-push-server.js";
import { createPushJournal, noCounters } from "./push-journal.js";
import type { PushService, PushServiceOptions } from "./push-service.js";
import { createSubscriptionRoll, type SubscriptionRoll } from "./push-subscription.js";
import { createVapidVerifier } from "./verify-vapid.js";

type Settings = Required<PushServiceOptions>;

const DEFAULTS: Settings = {
  port: 0,
  hostname: "127.0.0.1",
  tls: false,
  verify: "full",
  sampleEvery: 100,
  keep: 100_000,
  holdBytes: 512 * 1024 * 1024,
  maxBodyBytes: 4096,
  now: Date.now,
};

/**
 * Starts a Web Push service that stands in for those of the browsers' makers. It speaks the real protocol, RFC 8030 (delivery),
 * RFC 8188 and 8291 (encryption) and RFC 8292 (VAPID), by `node:crypto` alone, and refuses what is not according to it, with a reason
 * in the answer's body and in `requests`. `behave` makes it refuse, fail or break off what it would have accepted.
 */
export async function startPushService(options: PushServiceOptions = {}): Promise<PushService> {
  const settings = { ...DEFAULTS, ...options };
  const counters = noCounters();
  const server = await openPushServer(counters, settings);
  const subscriptions = createSubscriptionRoll(server.origin);
  const counts = createDeliveryCounts({
    holdBytes: settings.holdBytes,
    idOf: (name) => subscriptions.find(name).id,
  });
  const { keep, now } = settings;
  const parts: Parts = {
    server,
    subscriptions,
    counts,
    examiner: createExaminer(settings, { server, subscriptions }),
    journal: createPushJournal({ keep, now, counts, counters }),
    choice: createBehaviourChoice(),
    gates: createGates(),
    faults: [],
  };
  server.serve((message, response) => {
    handlePush(parts, { message, response }).catch((error: Error) => {
      parts.faults.push(error);
      message.socket.destroy();
    });
  });
  return assemble(parts);
}

interface Parts extends PushHandling {
  subscriptions: SubscriptionRoll;
  counts: DeliveryCounts;
  /** Of this service or of a test's function. */
  faults: Error[];
}

function createExaminer(
  { verify, sampleEvery, maxBodyBytes, now }: Settings,
  { server, subscriptions }: { server: PushServer; subscriptions: SubscriptionRoll },
): Examiner {
  const every = { full: 1, sample: sampleEvery, none: Number.POSITIVE_INFINITY }[verify];
  let count = 0;
  return {
    subscriptions,
    verifyVapid: createVapidVerifier({ origin: server.origin, now }),
    isVerifiedNext: () => ++count % every === 0,
    maxBodyBytes,
    now,
  };
}

function assemble(parts: Parts): PushService {
  const { server, subscriptions, journal, counts, choice, gates } = parts;
  const idOf = (name: string) => subscriptions.find(name).id;
  return {
    origin: server.origin,
    host: server.host,
    certificate: server.certificate,
    newSubscription: (asked = {}) => subscriptions.add(asked),
    removeSubscription: (name) => {
      subscriptions.find(name).removed = true;
    },
    requests: journal.requests,
    received: journal.received,
    observe: journal.observe,
    pending: (name) => journal.pending(idOf(name)),
    collect: (name) => journal.collect(idOf(name)),
    counters: () => structuredClone(journal.counters),
    behave: (behaviour, name) => choice.set(behaviour, name === undefined ? name : idOf(name)),
    gate: gates.gate,
    doubled: counts.doubled,
    missing: counts.missing,
    deliveries: counts.summary,
    forget: journal.forget,
    stop: async () => {
      await server.stop();
      journal.end();
      const [fault] = parts.faults;
      if (fault !== undefined) throw fault;
    },
  };
}
