import { createECDH, randomBytes, randomUUID } from "node:crypto";
import { type Engine, subscribe } from "@parley/engine";

/** A browser that takes pushes, as far as the engine knows. */
export interface TestDevice {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** Real keys for an endpoint that nobody listens on. */
export function createTestDevice(): TestDevice {
  return {
    endpoint: `https://fcm.googleapis.com/fcm/send/${randomUUID()}`,
    keys: {
      p256dh: createECDH("prime256v1").generateKeys("base64url"),
      auth: randomBytes(16).toString("base64url"),
    },
  };
}

/** Subscribes a new browser for a user. */
export async function addTestDevice(engine: Engine, userId: string): Promise<TestDevice> {
  const device = createTestDevice();
  await subscribe(engine, { actor: { userId, role: "user" }, ...device });
  return device;
}
