import { z } from "zod";
import { flag } from "./config-fields.js";

const LEAST_LENGTH = 16;
/** As for JWT_SECRET: shorter ones can be guessed from one signature. */
const PRODUCTION_BYTES = 32;
/** The old one and the new one. */
const MOST_SECRETS = 2;

/** What an API process reads from its environment about gateways that have authenticated their users. */
export const gatewayConfigFields = {
  GATEWAY_SECRET: z
    .string()
    .transform((text) => text.split(",").map((secret) => secret.trim()))
    .refine((secrets) => secrets.every(({ length }) => length >= LEAST_LENGTH), {
      error: `must have at least ${LEAST_LENGTH} characters`,
      abort: true,
    })
    .refine(
      ({ length }) => length <= MOST_SECRETS,
      `must be one secret, or ${MOST_SECRETS} with a comma between`,
    )
    .optional()
    .meta({
      description:
        "Shared secret of a gateway that has authenticated its users, in production at least 32 bytes; without it no gateway is believed. Two with a comma between while one replaces the other.",
      valueType: "one or two secrets",
    }),
  GATEWAY_PROOF: flag(true).meta({
    description:
      "`false` believes everybody who claims to be a gateway, without a proof: only to develop against the gateway contract; refused in production.",
  }),
} as const;

interface GatewayFields {
  NODE_ENV: string;
  GATEWAY_SECRET?: string[] | undefined;
  GATEWAY_PROOF: boolean;
}

/** What is wrong between the variables. */
export function gatewayFaults(config: GatewayFields): Array<{ name: string; problem: string }> {
  if (config.NODE_ENV !== "production") return [];
  const faults = [];
  if (config.GATEWAY_SECRET?.some((secret) => Buffer.byteLength(secret) < PRODUCTION_BYTES)) {
    faults.push({
      name: "GATEWAY_SECRET",
      problem: `must have at least ${PRODUCTION_BYTES} bytes in production`,
    });
  }
  if (!config.GATEWAY_PROOF) faults.push({ name: "GATEWAY_PROOF", problem: "must be true in production" });
  return faults;
}
