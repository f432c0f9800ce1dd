import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { LocalFault } from "./local-fault.js";

export interface LocalSecrets {
  /** Signs and checks bearer tokens. */
  jwtSecret: string;
  /** Known to the platform's servers only. */
  gatewaySecret: string;
}

/** The secrets of the local cluster: from JWT_SECRET and GATEWAY_SECRET, else made once and kept in `.parley/secrets.json`. */
export function localSecrets(root: string, env: NodeJS.ProcessEnv): LocalSecrets {
  const kept =
    env.JWT_SECRET && env.GATEWAY_SECRET ? undefined : readOrCreate(path.join(root, ".parley/secrets.json"));
  return {
    jwtSecret: env.JWT_SECRET || (kept?.jwtSecret ?? ""),
    gatewaySecret: env.GATEWAY_SECRET || (kept?.gatewaySecret ?? ""),
  };
}

function readOrCreate(file: string): LocalSecrets {
  if (existsSync(file)) {
    const { jwtSecret, gatewaySecret } = parse(file);
    if (typeof jwtSecret === "string" && typeof gatewaySecret === "string")
      return { jwtSecret, gatewaySecret };
  }
  const secrets = {
    jwtSecret: randomBytes(32).toString("base64url"),
    gatewaySecret: randomBytes(32).toString("base64url"),
  };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(secrets, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return secrets;
}

function parse(file: string): Partial<LocalSecrets> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Partial<LocalSecrets>;
  } catch {
    throw new LocalFault(`${file} is damaged: remove it, and new secrets are made at the next start.`);
  }
}
