import { describe, expect, test } from "vitest";
import {
  type EndpointPolicy,
  judgeEndpoint,
  MAX_ENDPOINT_LENGTH,
  parseAllowedHosts,
  pushServiceOf,
} from "./endpoint-policy.js";

function policyOf(allowed = "", rest: Partial<EndpointPolicy> = {}): EndpointPolicy {
  const { hosts, faults } = parseAllowedHosts(allowed);
  expect(faults).toEqual([]);
  return { mode: "known", allowedHosts: hosts, production: true, ...rest };
}

const known = policyOf();
const open = policyOf("", { mode: "open" });

/** The origin, or the reason why there is none. */
function judged(policy: EndpointPolicy, endpoint: string): string {
  const verdict = judgeEndpoint(policy, endpoint);
  return verdict.allowed ? verdict.origin : verdict.reason;
}

test("browsers' push services are allowed, with their origin and name", () => {
  const services = [
    ["https://fcm.googleapis.com/fcm/send/dQw4:APA91b-x_y", "https://fcm.googleapis.com", "fcm"],
    ["https://fcm.googleapis.com/wp/abc", "https://fcm.googleapis.com", "fcm"],
    ["https://android.googleapis.com/gcm/send/abc", "https://android.googleapis.com", "fcm"],
    [
      "https://updates.push.services.mozilla.com/wpush/v2/gAAAA_-x",
      "https://updates.push.services.mozilla.com",
      "mozilla",
    ],
    ["https://web.push.apple.com/QGuQyavXutnMH", "https://web.push.apple.com", "apple"],
    [
      "https://wns2-par02p.notify.windows.com/w/?token=BQYA%3d",
      "https://wns2-par02p.notify.windows.com",
      "windows",
    ],
    ["https://db5.wns.windows.com/x", "https://db5.wns.windows.com", "windows"],
    ["HTTPS://FCM.GoogleAPIs.com:443/fcm/send/x", "https://fcm.googleapis.com", "fcm"],
  ];
  for (const [endpoint = "", origin, service] of services) {
    expect(judgeEndpoint(known, endpoint)).toMatchObject({
      allowed: true,
      origin,
      service,
      namedByOperator: false,
    });
    expect(judgeEndpoint(open, endpoint)).toMatchObject({ allowed: true, origin });
  }
});

const ADDRESSES = [
  "127.0.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "017700000001",
  "0177.0.0.1",
  "127.1",
  "0",
  "10.0.0.1",
  "100.64.0.1",
  "169.254.169.254",
  "0xa9fea9fe",
  "2852039166",
  "8.8.8.8",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b::8.8.8.8]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[2606:4700::1111]",
];

const PRIVATE_NAMES = [
  "localhost",
  "foo.localhost",
  "redis",
  "postgres.default.svc.cluster.local",
  "metadata.google.internal",
  "printer.lan",
  "router.home.arpa",
  "1.0.0.127.in-addr.arpa",
  "abc.onion",
];

const TRICKS: Array<[endpoint: string, reason: string]> = [
  ["https://evil-fcm.googleapis.com.attacker.tld/x", "host_not_known"],
  ["https://fcm.googleapis.com.attacker.tld/x", "host_not_known"],
  ["https://evil-fcm.googleapis.com/x", "host_not_known"],
  ["https://evilfcm.googleapis.com/x", "host_not_known"],
  ["https://a.fcm.googleapis.com/x", "host_not_known"],
  ["https://googleapis.com/x", "host_not_known"],
  ["https://storage.googleapis.com/x", "host_not_known"],
  ["https://push.apple.com/x", "host_not_known"],
  ["https://evilpush.apple.com/x", "host_not_known"],
  ["https://notify.windows.com/x", "host_not_known"],
  ["https://xnotify.windows.com/x", "host_not_known"],
  ["https://attacker.tld/fcm.googleapis.com", "host_not_known"],
  ["https://attacker.tld?fcm.googleapis.com", "host_not_known"],
  ["https://xn--fcm-oe4c.googleapis.com/x", "host_not_known"],
  ["https://fcm.g\u043e\u043egleapis.com/x", "malformed"],
  ["https://\uff46\uff43\uff4d.googleapis.com/x", "malformed"],
  ["https://fcm\u3002googleapis\u3002com/x", "malformed"],
  ["https://fcm.googleapis.com./x", "malformed"],
  ["https://fcm.googleapis.com../x", "malformed"],
  ["https://fcm.goo\ngleapis.com/x", "malformed"],
  ["https://fcm.googleapis.com/x\r\nHost: evil", "malformed"],
  [" https://fcm.googleapis.com/x", "malformed"],
  ["https://fcm.googleapis.com/x#twin", "malformed"],
  ["https://fcm.googleapis.com/x#", "malformed"],
  ["https://attacker.tld\\@fcm.googleapis.com/x", "malformed"],
  ["https://%00.googleapis.com/x", "malformed"],
  ["https://user@fcm.googleapis.com/x", "userinfo_not_allowed"],
  ["https://fcm.googleapis.com@attacker.tld/x", "userinfo_not_allowed"],
  ["https://:secret@fcm.googleapis.com/x", "userinfo_not_allowed"],
  ["https://fcm.googleapis.com:80/x", "port_not_allowed"],
  ["https://fcm.googleapis.com:8443/x", "port_not_allowed"],
  ["https://fcm.googleapis.com:22/x", "port_not_allowed"],
  ["http://fcm.googleapis.com/x", "scheme_not_allowed"],
  ["http://127.0.0.1/x", "scheme_not_allowed"],
  ["ftp://fcm.googleapis.com/x", "scheme_not_allowed"],
  ["file:///etc/passwd", "scheme_not_allowed"],
  ["javascript:alert(1)", "scheme_not_allowed"],
  ["data:text/plain,x", "scheme_not_allowed"],
  ["wss://fcm.googleapis.com/x", "scheme_not_allowed"],
  ["//fcm.googleapis.com/x", "malformed"],
  ["fcm.googleapis.com/x", "malformed"],
  ["", "malformed"],
];

describe("what is refused", () => {
  test.each(TRICKS)("%j is %s", (endpoint, reason) => {
    expect(judged(known, endpoint)).toBe(reason);
    // Open means other public hosts, not other forms.
    if (reason !== "host_not_known") expect(judged(open, endpoint)).toBe(reason);
  });

  test.each(ADDRESSES)("the address %s, however it is written", (host) => {
    expect(judged(known, `https://${host}/x`)).toBe("address_not_allowed");
    expect(judged(open, `https://${host}/x`)).toBe("address_not_allowed");
    expect(judged(open, `https://${host}:6379/x`)).toBe("address_not_allowed");
  });

  test.each(PRIVATE_NAMES)("the private name %s, in open mode too", (host) => {
    expect(judged(known, `https://${host}/x`)).toBe("host_not_known");
    expect(judged(open, `https://${host}/x`)).toBe("host_not_public");
  });

  test("what is longer than the limit, and not what is as long", () => {
    const start = "https://fcm.googleapis.com/fcm/send/";
    const longest = start + "x".repeat(MAX_ENDPOINT_LENGTH - start.length);
    expect(judged(known, longest)).toBe("https://fcm.googleapis.com");
    expect(judged(known, `${longest}x`)).toBe("too_long");
  });
});

test("open mode allows any public name on the port of https", () => {
  expect(judged(open, "https://push.example.com/x")).toBe("https://push.example.com");
  expect(judged(open, "https://xn--bcher-kva.example.com/x")).toBe("https://xn--bcher-kva.example.com");
  expect(judged(open, "https://push.example.com:8443/x")).toBe("port_not_allowed");
  expect(judged(open, "http://push.example.com/x")).toBe("scheme_not_allowed");
  expect(judged(known, "https://push.example.com/x")).toBe("host_not_known");
});

describe("hosts that the operator named", () => {
  const named = policyOf("push.acme.dev, push.acme.dev:8443,*.up.acme.dev,10.1.2.3:9000,[fd00::5]");
  test.each([
    ["https://push.acme.dev/x", "https://push.acme.dev"],
    ["https://PUSH.acme.dev:8443/x", "https://push.acme.dev:8443"],
    ["https://push.acme.dev:8444/x", "port_not_allowed"],
    ["https://a.up.acme.dev/x", "https://a.up.acme.dev"],
    ["https://a.b.up.acme.dev/x", "https://a.b.up.acme.dev"],
    ["https://a.up.acme.dev:8443/x", "port_not_allowed"],
    ["https://up.acme.dev/x", "host_not_known"],
    ["https://evil-up.acme.dev/x", "host_not_known"],
    ["https://10.1.2.3:9000/x", "https://10.1.2.3:9000"],
    ["https://0x0a010203:9000/x", "https://10.1.2.3:9000"],
    ["https://10.1.2.3/x", "port_not_allowed"],
    ["https://10.1.2.4:9000/x", "address_not_allowed"],
    ["https://[FD00:0::5]/x", "https://[fd00::5]"],
    ["http://push.acme.dev/x", "scheme_not_allowed"],
    ["http://10.1.2.3:9000/x", "scheme_not_allowed"],
  ])("%s → %s", (endpoint, expected) => {
    expect(judged(named, endpoint)).toBe(expected);
  });

  test("may have a private address, which known services may not", () => {
    expect(judgeEndpoint(named, "https://push.acme.dev/x")).toMatchObject({
      namedByOperator: true,
      service: "other",
    });
    expect(judgeEndpoint(named, "https://fcm.googleapis.com/x")).toMatchObject({ namedByOperator: false });
  });

  test("a known service keeps its name and its own port when another one is named", () => {
    const policy = policyOf("fcm.googleapis.com:8443");
    expect(judgeEndpoint(policy, "https://fcm.googleapis.com/x")).toMatchObject({
      allowed: true,
      service: "fcm",
    });
    expect(judgeEndpoint(policy, "https://fcm.googleapis.com:8443/x")).toMatchObject({
      namedByOperator: true,
      service: "fcm",
    });
  });
});

test("plain http is for this machine, by name and port, outside production", () => {
  const allowed = "127.0.0.1:4100,localhost:80,[::1]:4100,push.acme.dev:80";
  const development = policyOf(allowed, { production: false });
  expect(judged(development, "http://127.0.0.1:4100/push/1")).toBe("http://127.0.0.1:4100");
  expect(judged(development, "http://localhost/push/1")).toBe("http://localhost");
  expect(judged(development, "http://[::1]:4100/push/1")).toBe("http://[::1]:4100");
  expect(judged(development, "http://127.0.0.1:4101/push/1")).toBe("scheme_not_allowed");
  expect(judged(development, "http://127.0.0.2:4100/push/1")).toBe("scheme_not_allowed");
  expect(judged(development, "http://push.acme.dev/push/1")).toBe("scheme_not_allowed");
  expect(judged(policyOf(allowed), "http://127.0.0.1:4100/push/1")).toBe("scheme_not_allowed");
});

test("allowed hosts that mean nothing, or too much, are told", () => {
  const bad = [
    "*",
    "*.",
    "*.com",
    "*.10.0.0.1",
    "https://push.acme.dev",
    "push.acme.dev/path",
    "user@acme.dev",
    "acme.dev:0",
    "acme.dev:65536",
    "acme.dev:http",
    "acme.dev.",
    "a*.acme.dev",
    "::1",
    "999.1.1.1",
  ];
  for (const entry of bad) {
    expect(parseAllowedHosts(entry)).toEqual({ hosts: [], faults: [expect.stringContaining(`"${entry}"`)] });
  }
  expect(parseAllowedHosts(" , Bücher.Example:8443,")).toEqual({
    hosts: [{ host: "xn--bcher-kva.example", below: false, port: 8443 }],
    faults: [],
  });
});

test("names that are no push service's are all called the same", () => {
  expect(pushServiceOf("web.push.apple.com")).toBe("apple");
  expect(pushServiceOf("web.push.apple.com.attacker.tld")).toBe("other");
});
