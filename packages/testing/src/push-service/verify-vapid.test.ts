import { beforeEach, expect, it } from "vitest";
import { createSenderKey, signVapid, type TokenFaults } from "./test-push-sender.js";
import { createVapidVerifier } from "./verify-vapid.js";

const ORIGIN = "https://push.example.net";
const DAY = 24 * 60 * 60;

/** RFC 8292, section 2.4. */
const RFC_8292 = {
  exp: 1453523768,
  key: "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs",
  token:
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1ha" +
    "Wx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA",
};

const sender = createSenderKey();
let seconds: number;
let verify: ReturnType<typeof createVapidVerifier>;

beforeEach(() => {
  seconds = Math.floor(Date.now() / 1000);
  verify = createVapidVerifier({ origin: ORIGIN, now: () => seconds * 1000 });
});

const signed = (faults?: TokenFaults) => signVapid(sender, ORIGIN, faults);
const withClaims = (claims: Record<string, unknown>) => signed({ claims });
const refusal = (status: number, reason: string) =>
  expect.objectContaining({ status, message: expect.stringContaining(reason) });

it("verifies the published example of RFC 8292, a second before it expires and not when it does", () => {
  const header = `vapid t=${RFC_8292.token}, k=${RFC_8292.key}`;
  seconds = RFC_8292.exp - 1;
  expect(verify(header)).toEqual({
    claims: { aud: ORIGIN, exp: RFC_8292.exp, sub: "mailto:push@example.com" },
    publicKey: RFC_8292.key,
  });
  seconds = RFC_8292.exp;
  expect(() => verify(header)).toThrow(refusal(403, "expired"));
});

it.each([
  ["the parameters the other way round", (header: string) => header.replace(/(t=.*), (k=.*)/, "$2, $1")],
  [
    "quoted parameters and a scheme in capitals",
    (header: string) => header.replace(/(\w)=([^,]+)/g, '$1="$2"').replace("vapid", "VAPID"),
  ],
  ["no space behind the comma", (header: string) => header.replace(", ", ",")],
  ["a parameter it does not know", (header: string) => `${header}, x=1`],
])("takes %s", (_, change) => {
  expect(verify(change(signed())).publicKey).toBe(sender.publicKey);
});

it("takes an audience in a list, and a sub that is a page", () => {
  const claims = { aud: ["https://other.example", ORIGIN], sub: "https://example.com/contact" };
  expect(verify(withClaims(claims)).claims).toMatchObject(claims);
});

it("takes a life of 24 hours and not of a second more", () => {
  expect(verify(withClaims({ exp: seconds + DAY })).claims.exp).toBe(seconds + DAY);
  expect(() => verify(withClaims({ exp: seconds + DAY + 1 }))).toThrow(refusal(403, "more than 24 hours"));
});

it.each<[what: string, refused: string, header: string | undefined]>([
  ["no header", "401 missing", undefined],
  ["an empty header", "401 not vapid", ""],
  ["another scheme", "401 not vapid", "Bearer abc"],
  ["the scheme of an old draft", "401 not vapid", signed().replace("vapid t=", "WebPush ")],
  ["no token", "401 t and k", `vapid k=${sender.publicKey}`],
  ["no key", "401 t and k", signed().replace(/, k=.*/, "")],
  ["a token of two parts", "403 three parts", `vapid t=e30.e30, k=${sender.publicKey}`],
  ["a token with padding", "403 three parts", signed().replace(", k=", "==, k=")],
  ["a header that is no JSON", "403 not a JSON object", `vapid t=YWJj.e30.e30, k=${sender.publicKey}`],
  ["another algorithm", "403 HS256", signed({ header: { alg: "HS256" } })],
  ["no algorithm", "403 none", signed({ header: { alg: "none" } })],
  ["somebody else's key", "403 not one of the key", signed({ publicKey: createSenderKey().publicKey })],
  ["a signature in DER", "403 not one of the key", signed({ dsaEncoding: "der" })],
  [
    "a key that is not on the curve",
    "403 not a point",
    signed({ publicKey: Buffer.alloc(65, 4).toString("base64url") }),
  ],
  ["a compressed key", "403 uncompressed", signed({ publicKey: Buffer.alloc(33, 2).toString("base64url") })],
  ["a key in base64", "403 uncompressed", signed({ publicKey: `${sender.publicKey}=` })],
  ["another audience", "403 audience", withClaims({ aud: "https://other.example" })],
  ["an endpoint for the audience", "403 audience", withClaims({ aud: `${ORIGIN}/push/1` })],
  ["no audience", "403 audience", withClaims({ aud: undefined })],
  ["an audience that is no text", "403 audience", withClaims({ aud: [ORIGIN, 1] })],
  ["no exp", "403 exp is not", withClaims({ exp: undefined })],
  ["an exp that is a text", "403 exp is not", withClaims({ exp: "tomorrow" })],
  ["no sub", "403 sub is", withClaims({ sub: undefined })],
  ["a sub without a scheme", "403 sub is", withClaims({ sub: "push@example.com" })],
  ["a sub without TLS", "403 sub is", withClaims({ sub: "http://example.com" })],
])("refuses %s with %s", (_, refused, header) => {
  const [, status, reason = ""] = /^(\d+) (.*)$/.exec(refused) ?? [];
  expect(() => verify(header)).toThrow(refusal(Number(status), reason));
});

it("refuses a token of which any part was changed, also after it has seen the real one", () => {
  const header = signed();
  expect(verify(header).publicKey).toBe(sender.publicKey);
  const [protectedPart, claims, signature] = /t=(.*),/.exec(header)?.[1]?.split(".") ?? [];
  const other = Buffer.from(JSON.stringify({ aud: ORIGIN, exp: seconds + 60, sub: "mailto:x@example.com" }));
  expect(() => verify(header.replace(String(claims), other.toString("base64url")))).toThrow(
    refusal(403, "not one of the key"),
  );
  expect(() => verify(header.replace(String(signature), Buffer.alloc(64, 1).toString("base64url")))).toThrow(
    refusal(403, "not one of the key"),
  );
  expect(protectedPart).toBeDefined();
});

it("a token that it has seen expires all the same", () => {
  const header = withClaims({ exp: seconds + 60 });
  verify(header);
  seconds += 59;
  verify(header);
  seconds += 1;
  expect(() => verify(header)).toThrow(refusal(403, "expired"));
});
