import type { RedisOptions } from "ioredis";
import { z } from "zod";

/** Where a Redis is, as an option of ioredis: one server, or the master that sentinels name. */
export type RedisAddress = Pick<
  RedisOptions,
  | "host"
  | "port"
  | "username"
  | "password"
  | "db"
  | "tls"
  | "sentinels"
  | "name"
  | "sentinelPassword"
  | "enableTLSForSentinelMode"
>;

const SENTINEL_URL =
  /^(?<scheme>rediss?)\+sentinel:\/\/((?<username>[^:@/]*)(:(?<password>[^@/]*))?@)?(?<hosts>[^@/?]+)\/(?<name>[\w.-]+)(\/(?<db>\d{1,3}))?(\?sentinel_password=(?<sentinelPassword>[^&]*))?$/;
const SENTINEL = /^(?<host>[\w.-]+|\[[0-9a-f:]+\])(:(?<port>\d{1,5}))?$/i;

/** The form of a variable that says where Redis is. */
export const redisUrlSchema = z
  .string()
  .refine(
    (text) => readRedisUrl(text) !== undefined,
    "must be a redis://, rediss:// or redis+sentinel:// URL",
  );

/**
 * Reads `redis://…`, `rediss://…` (TLS) or `redis+sentinel://user:password@host:26379,host:26379/master-name/db?sentinel_password=…` (with `rediss+sentinel`
 * TLS to both). User, password and database are the master's and may be left out, as may ports. Undefined when it is none of them.
 */
export function readRedisUrl(text: string): RedisAddress | undefined {
  const sentinel = SENTINEL_URL.exec(text)?.groups;
  if (sentinel) return readSentinels(sentinel);
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname } = new URL(text);
  if (
    (protocol !== "redis:" && protocol !== "rediss:") ||
    hostname === "" ||
    !/^(\/\d{0,3})?$/.test(pathname)
  )
    return undefined;
  return {
    host: withoutBrackets(hostname),
    port: Number(port || 6379),
    ...credentials({ username, password, db: pathname.slice(1) }),
    ...(protocol === "rediss:" && { tls: {} }),
  };
}

function readSentinels(parts: Record<string, string>): RedisAddress | undefined {
  const { scheme, hosts = "", name = "", sentinelPassword } = parts;
  const sentinels = hosts.split(",").map((text) => SENTINEL.exec(text)?.groups);
  if (sentinels.some((found) => found === undefined)) return undefined;
  return {
    name,
    sentinels: sentinels.map((found) => ({
      host: withoutBrackets(found?.host ?? ""),
      port: Number(found?.port ?? 26_379),
    })),
    ...credentials(parts),
    ...(sentinelPassword && { sentinelPassword: decodeURIComponent(sentinelPassword) }),
    ...(scheme === "rediss" && { tls: {}, enableTLSForSentinelMode: true }),
  };
}

function credentials({ username, password, db }: { username?: string; password?: string; db?: string }) {
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(db && { db: Number(db) }),
  };
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
