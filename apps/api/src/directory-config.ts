import { isIP } from "node:net";
import { z } from "zod";

/** What an API process reads from its environment about the server that owns the users. */
export const directoryConfigFields = {
  USER_DIRECTORY_URL: z
    .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
    .refine(isPlain, "must have no user name, query or fragment")
    .optional()
    .meta({
      description:
        "Where the main server lives that owns the users: `GET {USER_DIRECTORY_URL}/api/users/{account}` tells nickname and avatar. Without it, names come from tokens and gateways only. In production https, unless the host is in a private network.",
    }),
  USER_DIRECTORY_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces")
    .optional()
    .meta({
      description:
        "The service token that the main server asks for (`Authorization: Bearer`); required with USER_DIRECTORY_URL.",
    }),
} as const;

interface DirectoryFields {
  NODE_ENV: string;
  USER_DIRECTORY_URL?: string | undefined;
  USER_DIRECTORY_TOKEN?: string | undefined;
}

/** What is wrong between the variables. */
export function directoryFaults(config: DirectoryFields): Array<{ name: string; problem: string }> {
  const { USER_DIRECTORY_URL: url, USER_DIRECTORY_TOKEN: token } = config;
  if (url === undefined && token === undefined) return [];
  if (url === undefined) {
    return [{ name: "USER_DIRECTORY_URL", problem: "is needed where USER_DIRECTORY_TOKEN is set" }];
  }
  const faults = [];
  if (token === undefined) {
    faults.push({ name: "USER_DIRECTORY_TOKEN", problem: "is needed where USER_DIRECTORY_URL is set" });
  }
  if (config.NODE_ENV === "production" && url.startsWith("http:") && !isPrivateHost(new URL(url).hostname)) {
    const problem = "must begin with https: in production, unless its host is in a private network";
    faults.push({ name: "USER_DIRECTORY_URL", problem });
  }
  return faults;
}

/** What is no URL at all has been complained about before. */
function isPlain(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password, search, hash } = new URL(url);
  return `${username}${password}${search}${hash}` === "";
}

/** Names without a dot and the reserved suffixes are of the inside: of a compose file, a cluster, this machine. */
function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 4) return /^(10|127|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)\./.test(host);
  if (isIP(host) === 6) return host === "::1" || /^f[cd]|^fe[89ab]/.test(host);
  return !host.includes(".") || /\.(local|internal|localhost|home\.arpa)$/.test(host);
}
