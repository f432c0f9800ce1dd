import { connectRaw, type RawClient } from "./raw-client.js";
import { TEST_GATEWAY_SECRET } from "./test-token.js";

/** What a gateway says about somebody whom it has authenticated. */
export interface GatewayPerson {
  userId: string;
  nickname?: string;
  email?: string;
  picture?: string;
}

export interface GatewayAnswer<Body> {
  status: number;
  body: Body;
  headers: Headers;
}

/** Somebody's calls as their gateway hands them on. */
export interface GatewayCaller {
  call<Body = Record<string, unknown>>(path: string, body?: unknown): Promise<GatewayAnswer<Body>>;
  /** Connects to a room; the identity stands in the query, as the contract has it for sockets. */
  enter(room: number | string): Promise<RawClient>;
}

const PROOF = { "X-Gateway-Secret": TEST_GATEWAY_SECRET };

/** A gateway in front of one node, with one user behind it. */
export function gatewayCaller(url: string, person: GatewayPerson): GatewayCaller {
  const { userId, nickname = `별명 ${userId}`, email = `${userId}@example.com`, picture } = person;
  const identity = {
    "X-User-Id": encodeURIComponent(userId),
    "X-Nickname": encodeURIComponent(nickname),
    "X-Email": encodeURIComponent(email),
    ...(picture === undefined ? {} : { "X-Profile-Url": encodeURIComponent(picture) }),
  };
  const query = new URLSearchParams({
    user_id: userId,
    nickname,
    email,
    ...(picture === undefined ? {} : { profile_url: picture }),
  });
  return {
    async call<Body>(path: string, body?: unknown): Promise<GatewayAnswer<Body>> {
      const response = await fetch(new URL(path, url), {
        method: body === undefined ? "GET" : "POST",
        headers: {
          ...PROOF,
          ...identity,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Body, headers: response.headers };
    },
    enter: (room) => connectRaw(`${url}/ws/chat/${room}/chat/?${query}`, { headers: PROOF }),
  };
}
