import { ECDH } from "node:crypto";
import { type EndpointPolicy, parseAllowedHosts } from "@parley/engine";
import { z } from "zod";

/** What an API process reads from its environment about pushes; the names are the worker's. */
export const pushConfigFields = {
  VAPID_PUBLIC_KEY: z
    .string()
    .refine(isPublicKey, "must be a point of the curve P-256, 65 bytes as base64url")
    .optional()
    .meta({
      description:
        "The public key that browsers subscribe with, the same as the worker's; without it there are no pushes.",
    }),
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
      "Folder with texts of notifications that replace those of Parley, one file such as ja.json per language.",
  }),
} as const;

/** Which push endpoints browsers may subscribe with. */
export function endpointPolicyOf(config: {
  NODE_ENV: string;
  PUSH_ALLOWED_HOSTS: string;
  PUSH_ENDPOINTS: "known" | "open";
}): EndpointPolicy {
  return {
    mode: config.PUSH_ENDPOINTS,
    allowedHosts: parseAllowedHosts(config.PUSH_ALLOWED_HOSTS).hosts,
    production: config.NODE_ENV === "production",
  };
}

function isPublicKey(text: string): boolean {
  if (!/^[\w-]{87}$/.test(text)) return false;
  try {
    return Buffer.from(text, "base64url")[0] === 4 && ECDH.convertKey(text, "prime256v1", "base64url") !== "";
  } catch {
    return false;
  }
}
