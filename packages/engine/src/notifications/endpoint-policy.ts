import { isIP } from "node:net";

/**
 * The push services of the browsers in use. A name stands for itself, `*.` for every name below the rest. Whoever runs another one
 * (UnifiedPush, an autopush of their own) names it in the policy's allowed hosts.
 */
export const PUSH_SERVICES = {
  // Chrome and what is built on it: Opera, Brave, Vivaldi, Samsung Internet, Edge on Android. The second host is of old subscriptions.
  fcm: ["fcm.googleapis.com", "android.googleapis.com"],
  // Firefox: updates.push.services.mozilla.com and its stages.
  mozilla: ["*.push.services.mozilla.com"],
  // Safari: web.push.apple.com.
  apple: ["*.push.apple.com"],
  // Edge on Windows: wns2-….notify.windows.com.
  windows: ["*.notify.windows.com", "*.wns.windows.com"],
} as const satisfies Record<string, readonly string[]>;

/** Whose push service it is; of bounded number, for metrics. */
export type PushServiceName = keyof typeof PUSH_SERVICES | "other";

/** Why an endpoint may not be pushed to. */
export type EndpointRefusal =
  | "malformed"
  | "too_long"
  | "scheme_not_allowed"
  | "userinfo_not_allowed"
  | "port_not_allowed"
  | "address_not_allowed"
  | "host_not_public"
  | "host_not_known";

export type EndpointVerdict =
  | {
      allowed: true;
      url: URL;
      /** `https://host` or `https://host:port`: what a VAPID token is for, and what shares connections. */
      origin: string;
      service: PushServiceName;
      /** Whether the operator named the host: it may then have a private address. */
      namedByOperator: boolean;
    }
  | { allowed: false; reason: EndpointRefusal };

interface AllowedHost {
  /** As the URL parser writes it: lower case, punycode, canonical addresses. */
  host: string;
  /** Whether `host` is a suffix, and names below it are meant. */
  below: boolean;
  /** The scheme's own port when left out. */
  port: number | undefined;
}

export interface EndpointPolicy {
  /** `known`: browsers' push services and the allowed hosts. `open`: every host with a public name too. */
  mode: "known" | "open";
  allowedHosts: readonly AllowedHost[];
  /** Whether plain HTTP is refused even where the allowed hosts name this machine. */
  production: boolean;
}

export const MAX_ENDPOINT_LENGTH = 2048;
const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Names that never are public: RFC 6761, RFC 6762, RFC 8375, RFC 9476, and what private networks use. */
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "localdomain",
  "internal",
  "intranet",
  "lan",
  "home",
  "corp",
  "private",
  "home.arpa",
  "in-addr.arpa",
  "ip6.arpa",
  "test",
  "example",
  "invalid",
  "onion",
  "alt",
];

/**
 * Reads hosts as an operator writes them: `push.acme.dev`, `push.acme.dev:8443`, `*.acme.dev`, `127.0.0.1:4100`, separated by commas.
 * Returns the faults in words for a person; a policy must not be made with any.
 */
export function parseAllowedHosts(text: string): { hosts: AllowedHost[]; faults: string[] } {
  const hosts: AllowedHost[] = [];
  const faults: string[] = [];
  for (const entry of text.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const host = parseAllowedHost(entry);
    if (host) hosts.push(host);
    else faults.push(`"${entry}" is no host, host:port or *.suffix of at least two labels`);
  }
  return { hosts, faults };
}

function parseAllowedHost(entry: string): AllowedHost | undefined {
  const [, below, name = "", port = ""] = /^(\*\.)?([^\s/?#@\\*%]+?)(?::([1-9]\d{0,4}))?$/.exec(entry) ?? [];
  if (!URL.canParse(`https://${name}`)) return;
  const { hostname, port: rest } = new URL(`https://${name}`);
  if (rest !== "" || hostname.endsWith(".") || Number(port) > 65_535) return;
  if (below && (!hostname.includes(".") || isAddress(hostname))) return;
  return { host: hostname, below: below !== undefined, port: port === "" ? undefined : Number(port) };
}

/**
 * Judges where a subscription wants its pushes sent to, without asking the network. Both when it is stored and before each push, because
 * the policy may have become stricter. What the name resolves to is judged when a connection is made.
 */
export function judgeEndpoint(policy: EndpointPolicy, endpoint: string): EndpointVerdict {
  if (endpoint.length > MAX_ENDPOINT_LENGTH) return refused("too_long");
  // What a URL parser would mend silently (blanks, backslashes, other scripts' letters) is not how any browser writes an endpoint.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(endpoint) || !URL.canParse(endpoint)) return refused("malformed");
  const url = new URL(endpoint);
  if (url.protocol !== "https:" && url.protocol !== "http:") return refused("scheme_not_allowed");
  if (url.username !== "" || url.password !== "") return refused("userinfo_not_allowed");
  if (endpoint.includes("#") || url.hostname.endsWith(".") || url.hostname === "")
    return refused("malformed");

  const named = policy.allowedHosts.filter((allowed) => matches(allowed, url.hostname));
  const namedByOperator = named.some((allowed) => hasPortOf(allowed, url));
  const service = pushServiceOf(url.hostname);
  const reason = namedByOperator
    ? refusalOfNamed(policy, url)
    : refusalOfUnnamed(policy, { url, service, otherPortNamed: named.length > 0 });
  return reason ? refused(reason) : { allowed: true, url, origin: url.origin, service, namedByOperator };
}

function refusalOfNamed(policy: EndpointPolicy, url: URL): EndpointRefusal | undefined {
  if (url.protocol === "https:") return;
  return LOOPBACK_HOSTS.has(url.hostname) && !policy.production ? undefined : "scheme_not_allowed";
}

function refusalOfUnnamed(
  policy: EndpointPolicy,
  { url, service, otherPortNamed }: { url: URL; service: PushServiceName; otherPortNamed: boolean },
): EndpointRefusal | undefined {
  if (url.protocol !== "https:") return "scheme_not_allowed";
  // Push services have names. The parser has already turned 2130706433, 0x7f.1 and 017700000001 into 127.0.0.1.
  if (isAddress(url.hostname)) return otherPortNamed ? "port_not_allowed" : "address_not_allowed";
  if (service === "other" && policy.mode === "known")
    return otherPortNamed ? "port_not_allowed" : "host_not_known";
  if (service === "other" && !hasPublicName(url.hostname)) return "host_not_public";
  return url.port === "" ? undefined : "port_not_allowed";
}

/** Whose push service a host is, `other` for one that is not in the table. */
export function pushServiceOf(hostname: string): PushServiceName {
  for (const [service, hosts] of Object.entries(PUSH_SERVICES)) {
    const known = hosts.some((host) =>
      host.startsWith("*.") ? isBelow(hostname, host.slice(2)) : hostname === host,
    );
    if (known) return service as keyof typeof PUSH_SERVICES;
  }
  return "other";
}

function matches(allowed: AllowedHost, hostname: string): boolean {
  return allowed.below ? isBelow(hostname, allowed.host) : hostname === allowed.host;
}

function hasPortOf(allowed: AllowedHost, url: URL): boolean {
  const own = url.protocol === "http:" ? 80 : 443;
  return (allowed.port ?? own) === (url.port === "" ? own : Number(url.port));
}

function isBelow(hostname: string, suffix: string): boolean {
  return hostname.endsWith(`.${suffix}`) && hostname.length > suffix.length + 1;
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || isIP(hostname) !== 0;
}

function hasPublicName(hostname: string): boolean {
  if (!hostname.includes(".")) return false;
  return !PRIVATE_SUFFIXES.some((suffix) => hostname === suffix || isBelow(hostname, suffix));
}

function refused(reason: EndpointRefusal): EndpointVerdict {
  return { allowed: false, reason };
}
