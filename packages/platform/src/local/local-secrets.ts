import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LocalFault } from "./local-fault.js";

export interface LocalSecrets {
  /** Signs and checks bearer tokens. */
  jwtSecret: string;
  /** Known to the platform's servers only. */
  gatewaySecret: string;
  /** Names this server to push services; browsers' subscriptions are bound to it, so it must not change from start to start. */
  vapid?: VapidPair;
}

/** A P-256 pair in base64url: the public point uncompressed (65 bytes), the private number (32 bytes). */
export interface VapidPair {
  publicKey: string;
  privateKey: string;
}

/**
 * The secrets of the local cluster: from JWT_SECRET, GATEWAY_SECRET, VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY, else made once and kept in
 * `.parley/secrets.json`.
 */
export function localSecrets(root: string, env: NodeJS.ProcessEnv): Required<LocalSecrets> {
  const given = givenPair(env);
  const isComplete = env.JWT_SECRET && env.GATEWAY_SECRET && given;
  const kept = isComplete ? undefined : readOrCreate(path.join(root, ".parley/secrets.json"));
  return {
    jwtSecret: env.JWT_SECRET || (kept?.jwtSecret ?? ""),
    gatewaySecret: env.GATEWAY_SECRET || (kept?.gatewaySecret ?? ""),
    vapid: given ?? kept?.vapid ?? { publicKey: "", privateKey: "" },
  };
}

/** Makes a new pair for Web Push (RFC 8292). */
export function createVapidPair(): VapidPair {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const { x = "", y = "", d = "" } = privateKey.export({ format: "jwk" });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return { publicKey: point.toString("base64url"), privateKey: d };
}

function givenPair({ VAPID_PUBLIC_KEY, VAPID_PRIVATE_KEY }: NodeJS.ProcessEnv): VapidPair | undefined {
  // One without the other is left for the processes to refuse, in words that name the variables.
  if (!VAPID_PUBLIC_KEY && !VAPID_PRIVATE_KEY) return undefined;
  return { publicKey: VAPID_PUBLIC_KEY ?? "", privateKey: VAPID_PRIVATE_KEY ?? "" };
}

function readOrCreate(file: string): Required<LocalSecrets> {
  const found = existsSync(file) ? parse(file) : {};
  const { jwtSecret, gatewaySecret, vapid } = found;
  if (isText(jwtSecret) && isText(gatewaySecret) && isPair(vapid)) return { jwtSecret, gatewaySecret, vapid };
  // What an earlier version has made stays: tokens and subscriptions in use depend on it.
  const secrets = {
    jwtSecret: isText(jwtSecret) ? jwtSecret : randomBytes(32).toString("base64url"),
    gatewaySecret: isText(gatewaySecret) ? gatewaySecret : randomBytes(32).toString("base64url"),
    vapid: isPair(vapid) ? vapid : createVapidPair(),
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return secrets;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isPair(value: unknown): value is VapidPair {
  const pair = value as Partial<VapidPair> | undefined;
  return isText(pair?.publicKey) && isText(pair.privateKey);
}

function parse(file: string): Partial<LocalSecrets> {
  try {
    const found: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof found === "object" && found !== null ? found : {};
  } catch {
    throw new LocalFault(`${file} is damaged: remove it, and new secrets are made at the next start.`);
  }
}
