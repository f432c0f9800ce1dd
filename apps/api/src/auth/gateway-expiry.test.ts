import { createHmac } from "node:crypto";
import type { Identity } from "@parley/contracts";
import { describe, expect, test } from "vitest";
import { createGatewayAuthenticator } from "./create-gateway-authenticator.js";

const SECRET = "a-gateway-secret-of-more-than-32-bytes";
const NOW = 1_900_000_000;
const MINJI = { "x-user-id": "7", "x-nickname": "Minji", "x-email": "minji@p.example" };
const WITH_SECRET = { "x-gateway-secret": SECRET };
const refusal = (code: string) => expect.objectContaining({ code });

function authenticate(headers: Record<string, string | string[]>): Identity {
  const config = { GATEWAY_SECRET: [SECRET], GATEWAY_PROOF: true };
  const access = { assertAllowed: () => undefined };
  const gateway = createGatewayAuthenticator(config, { access, clock: () => NOW * 1_000 });
  const all: Record<string, string | string[]> = { ...MINJI, ...headers };
  const header = (name: string) => [all[name] ?? []].flat();
  return gateway.authenticate({
    method: "GET",
    path: "/ws/chat/1/chat/",
    query: "",
    isHandshake: true,
    header,
  });
}

function signed(...also: string[]): Record<string, string> {
  const text = ["GET", "/ws/chat/1/chat/", "7", NOW, ...also].join("\n");
  const signature = createHmac("sha256", SECRET).update(text).digest("hex");
  return { "x-gateway-timestamp": String(NOW), "x-gateway-signature": signature };
}

describe("when the token runs out", () => {
  test("is what the gateway says, and nothing where it says nothing", () => {
    const expires = { "x-token-expires": String(NOW + 60) };
    expect(authenticate({ ...WITH_SECRET, ...expires }).expiresAt).toBe(NOW + 60);
    expect(authenticate({ ...signed(String(NOW + 60)), ...expires }).expiresAt).toBe(NOW + 60);
    for (const headers of [WITH_SECRET, signed(), { ...WITH_SECRET, "x-token-expires": "" }])
      expect(authenticate(headers)).not.toHaveProperty("expiresAt");
  });

  test("can be neither added to a signature, nor changed or taken from under it", () => {
    const later = { "x-token-expires": String(NOW + 999) };
    const wrong = [
      { ...signed(), ...later },
      { ...signed(String(NOW + 60)), ...later },
      signed(String(NOW + 60)),
    ];
    for (const headers of wrong)
      expect(() => authenticate(headers)).toThrow(refusal("gateway_proof_invalid"));
    const twice = { ...WITH_SECRET, "x-token-expires": ["1", String(NOW + 60)] };
    expect(() => authenticate(twice)).toThrow(refusal("gateway_proof_invalid"));
  });

  test("is past: nobody gets in with it, but for a difference of the clocks", () => {
    const at = (expires: number) => authenticate({ ...WITH_SECRET, "x-token-expires": String(expires) });
    expect(at(NOW - 4).expiresAt).toBe(NOW - 4);
    expect(() => at(NOW - 5)).toThrow(refusal("token_expired"));
  });

  test.each(["soon", "-1", "1.5", "1e12", " ", "9".repeat(13)])("is not %j", (expires) => {
    const headers = { ...WITH_SECRET, "x-token-expires": expires };
    expect(() => authenticate(headers)).toThrow(refusal("invalid_input"));
  });
});
