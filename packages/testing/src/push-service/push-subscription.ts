import { createECDH, randomBytes } from "node:crypto";
import type { PushReceiver } from "./decrypt-push.js";
import { Refusal } from "./refusal.js";

export interface NewSubscription {
  /** Begins the subscription's id, so that a failed test can be read; default `user-agent`. */
  userAgentName?: string;
  /** Base64url: pushes signed with any other key are refused with 403 (RFC 8292, section 4). */
  applicationServerKey?: string;
}

/** What a browser's `PushSubscription.toJSON()` gives, and an id for the test. */
export interface PushSubscription {
  id: string;
  endpoint: string;
  expirationTime: null;
  keys: {
    /** The user agent's public key, an uncompressed point on P-256: 65 bytes in base64url. */
    p256dh: string;
    /** 16 bytes in base64url. */
    auth: string;
  };
}

/** The service's side of a subscription. */
export interface SubscriptionRecord {
  id: string;
  endpoint: string;
  receiver: PushReceiver;
  applicationServerKey: string | null;
  removed: boolean;
}

/** All subscriptions of a service; a removed one stays known, because it answers 410 and not 404. */
export interface SubscriptionRoll {
  add(asked: NewSubscription): PushSubscription;
  /** By its id or its endpoint; throws when there was never such a one. */
  find(name: string): SubscriptionRecord;
  /** By the path of its endpoint. */
  atPath(path: string): SubscriptionRecord | undefined;
}

const TOKEN_BYTES = 24;

/** Makes an empty roll for the service at `origin`. */
export function createSubscriptionRoll(origin: string): SubscriptionRoll {
  const byPath = new Map<string, SubscriptionRecord>();
  const byId = new Map<string, SubscriptionRecord>();
  return {
    add: ({ userAgentName = "user-agent", applicationServerKey }) => {
      const path = `/push/${randomBytes(TOKEN_BYTES).toString("base64url")}`;
      const ecdh = createECDH("prime256v1");
      const receiver = { ecdh, publicKey: ecdh.generateKeys(), auth: randomBytes(16) };
      const record = {
        id: `${userAgentName}-${byId.size + 1}`,
        endpoint: origin + path,
        receiver,
        applicationServerKey: applicationServerKey ?? null,
        removed: false,
      };
      byPath.set(path, record);
      byId.set(record.id, record);
      return toJson(record);
    },
    find: (name) => {
      const path = name.startsWith(origin) ? name.slice(origin.length) : name;
      const record = byId.get(name) ?? byPath.get(path);
      if (record === undefined) throw new Refusal(404, `there is no subscription ${name}`);
      return record;
    },
    atPath: (path) => byPath.get(path),
  };
}

function toJson({ id, endpoint, receiver }: SubscriptionRecord): PushSubscription {
  const keys = {
    p256dh: receiver.publicKey.toString("base64url"),
    auth: receiver.auth.toString("base64url"),
  };
  return { id, endpoint, expirationTime: null, keys };
}
