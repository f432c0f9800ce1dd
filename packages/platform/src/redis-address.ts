import type { RedisOptions } from "ioredis";
import { z } from "zod";

/** Where a Redis is: one server, the master that sentinels name, or a cluster. */
export type RedisAddress = ServerAddress | ClusterAddress;

/** Servers of a cluster, some at least: they name the others. */
export interface ClusterAddress extends Pick<RedisOptions, "username" | "password" | "tls"> {
  seeds: { host: string; port: number }[];
}

/** As an option of ioredis: one server, or the master that sentinels name. */
export type ServerAddress = Pick<
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
const CLUSTER_URL =
  /^(?<scheme>rediss?)\+cluster:\/\/((?<username>[^:@/]*)(:(?<password>[^@/]*))?@)?(?<hosts>[^@/?]+)\/?$/;
const PLACE = /^(?<host>[\w.-]+|\[[0-9a-f:]+\])(:(?<port>\d{1,5}))?$/i;

/** The form of a variable that says where Redis is. */
export const redisUrlSchema = z
  .string()
  .refine(
    (text) => readRedisUrl(text) !== undefined,
    "must be a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL",
  );

/**
 * Reads `redis://…`, `rediss://…` (TLS), `redis+sentinel://user:password@host:26379,host:26379/master-name/db?sentinel_password=…` (with `rediss+sentinel`
 * TLS to both) or `redis+cluster://user:password@host:6379,host:6379` (`rediss+cluster`: TLS). User, password and database are the master's, or the same at
 * all servers of a cluster, and may be left out, as may ports. Undefined when it is none of them.
 */
export function readRedisUrl(text: string): RedisAddress | undefined {
  const sentinel = SENTINEL_URL.exec(text)?.groups;
  if (sentinel) return readSentinels(sentinel);
  const cluster = CLUSTER_URL.exec(text)?.groups;
  if (cluster) return readCluster(cluster);
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

function readSentinels(parts: Record<string, string>): ServerAddress | undefined {
  const { scheme, hosts = "", name = "", sentinelPassword } = parts;
  const sentinels = readPlaces(hosts, 26_379);
  if (sentinels === undefined) return undefined;
  return {
    name,
    sentinels,
    ...credentials(parts),
    ...(sentinelPassword && { sentinelPassword: decodeURIComponent(sentinelPassword) }),
    ...(scheme === "rediss" && { tls: {}, enableTLSForSentinelMode: true }),
  };
}

function readCluster(parts: Record<string, string>): ClusterAddress | undefined {
  const seeds = readPlaces(parts.hosts ?? "", 6379);
  if (seeds === undefined) return undefined;
  return { seeds, ...credentials(parts), ...(parts.scheme === "rediss" && { tls: {} }) };
}

function readPlaces(hosts: string, usualPort: number): { host: string; port: number }[] | undefined {
  const places = hosts.split(",").map((text) => PLACE.exec(text)?.groups);
  if (places.some((found) => found === undefined)) return undefined;
  return places.map((found) => ({
    host: withoutBrackets(found?.host ?? ""),
    port: Number(found?.port ?? usualPort),
  }));
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
