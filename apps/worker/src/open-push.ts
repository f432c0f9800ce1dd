import { type EndpointPolicy, parseAllowedHosts } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { WorkerConfig } from "./config.js";
import { createPushSender, type PushSender } from "./push/push-sender.js";
import { readVapidKeys } from "./push/vapid-keys.js";
import { vapidSettings } from "./push-config.js";
import type { PushMetrics } from "./push-metrics.js";

/** Opens what sends pushes; undefined when the configuration has no keys. */
export function openPush(
  config: WorkerConfig,
  { metrics, log }: { metrics: PushMetrics; log: Log },
): PushSender | undefined {
  const settings = vapidSettings(config);
  const vapid = settings && readVapidKeys(settings).keys;
  if (vapid === undefined) return undefined;
  const policy: EndpointPolicy = {
    mode: config.PUSH_ENDPOINTS,
    allowedHosts: parseAllowedHosts(config.PUSH_ALLOWED_HOSTS).hosts,
    production: config.NODE_ENV === "production",
  };
  return createPushSender({
    vapid,
    policy,
    log,
    limits: { sockets: config.PUSH_CONNECTIONS_PER_SERVICE },
    encryptionThreads: config.PUSH_ENCRYPTION_THREADS,
    onOutcome: metrics.pushed,
  });
}
