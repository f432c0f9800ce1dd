import { parseAllowedHosts } from "@parley/engine";
import { wholeNumber } from "@parley/platform";
import { z } from "zod";
import { readVapidKeys, type VapidSettings } from "./push/vapid-keys.js";

/** Named in tokens outside production, where nobody at a push service will ever write to it. */
const DEVELOPMENT_SUBJECT = "mailto:developer@example.com";

const FIELDS = {
  subject: "VAPID_SUBJECT",
  publicKey: "VAPID_PUBLIC_KEY",
  privateKey: "VAPID_PRIVATE_KEY",
} as const satisfies Record<keyof VapidSettings, string>;

/** What a worker reads from its environment about pushes. */
export const pushConfigFields = {
  VAPID_SUBJECT: z.string().optional().meta({
    description:
      "Whom the operators of push services may write to: a mailto: or https: address with a public host. Required with keys in production.",
  }),
  VAPID_PUBLIC_KEY: z.string().optional().meta({
    description: "Public key of Web Push, from `npm run -s vapid`; without keys nothing is pushed.",
  }),
  VAPID_PRIVATE_KEY: z.string().optional().meta({ description: "The private key that belongs to it." }),
  PUSH_ALLOWED_HOSTS: z
    .string()
    .default("")
    .superRefine((text, context) => {
      for (const message of parseAllowedHosts(text).faults) context.addIssue({ code: "custom", message });
    })
    .meta({
      description:
        "Hosts of push endpoints that are allowed besides the known services, as host, host:port or *.suffix, with commas between.",
    }),
  PUSH_ENDPOINTS: z.enum(["known", "open"]).default("known").meta({
    description:
      "`known`: only the push services of the known browsers and PUSH_ALLOWED_HOSTS; `open`: every public host.",
  }),
  NOTIFICATION_TEMPLATES_DIR: z.string().optional().meta({
    description:
      "Folder with texts of notifications that replace those of Parley, one file such as ja.json per language; the same for the API.",
  }),
  PUSH_DELAY_MS: wholeNumber(0, 60_000).default(2000).meta({
    description: "How long somebody who is active on a device has to read a message before it is pushed.",
  }),
  PUSHES_PER_MINUTE: wholeNumber(1, 10_000).default(30).meta({
    description:
      "Pushes that one user gets per minute, campaigns included; what comes on top waits for its turn.",
  }),
  PUSH_ENCRYPTION_THREADS: wholeNumber(0, 32)
    .default(1)
    .meta({ description: "Threads that encrypt pushes; 0 does it on the main one." }),
  PUSH_CONNECTIONS_PER_SERVICE: wholeNumber(1, 1000)
    .default(50)
    .meta({ description: "Connections of this process to one push service." }),
  // Longer than a push may wait for its turn and its answer, or a living worker's pushes would be sent again.
  PUSH_LEASE_SECONDS: wholeNumber(25, 3600).default(60).meta({
    description:
      "After this time the pushes of a worker that said no more about them are sent by another one.",
  }),
  NOTIFICATION_SWEEP_SECONDS: wholeNumber(1, 3600)
    .default(5)
    .meta({ description: "Time between two looks for notifications that no job took care of." }),
  NOTIFICATIONS_KEPT_DAYS: wholeNumber(1, 3650)
    .default(90)
    .meta({ description: "Days for which the history of notifications is kept." }),
} as const;

interface PushFields {
  NODE_ENV: string;
  VAPID_SUBJECT?: string | undefined;
  VAPID_PUBLIC_KEY?: string | undefined;
  VAPID_PRIVATE_KEY?: string | undefined;
}

/** The keys to sign with as they stand in the configuration; undefined when push is off. */
export function vapidSettings(config: PushFields): VapidSettings | undefined {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey, VAPID_SUBJECT } = config;
  if (!publicKey && !privateKey) return undefined;
  const subject = VAPID_SUBJECT ?? (config.NODE_ENV === "production" ? "" : DEVELOPMENT_SUBJECT);
  return { subject, publicKey: publicKey ?? "", privateKey: privateKey ?? "" };
}

/** What is wrong with the keys, by variable. */
export function vapidFaults(config: PushFields): Array<{ name: string; problem: string }> {
  const settings = vapidSettings(config);
  const faults = settings === undefined ? [] : (readVapidKeys(settings).faults ?? []);
  return faults.map(({ field, problem }) => ({ name: FIELDS[field], problem }));
}
