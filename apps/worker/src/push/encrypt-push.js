// Plain JavaScript, because a thread begins with a file: with this one under tests, which run from the sources, and with its copy in dist.
import webPush from "web-push";

/** The library wants one, and needs it only for services that are no more. */
const ANY_ENDPOINT = "https://push.invalid/";

/**
 * Encrypts a push (RFC 8291) with a key pair of its own, and makes the headers that belong to it (RFC 8030); the authorisation is added
 * later, because it is not each push's own. Throws when the subscription's keys are none.
 *
 * @param {import("./encryption.js").PlainPush} push
 * @returns {import("./encryption.js").EncryptedPush}
 */
export function encryptPush({ p256dh, auth, payload, ttlSeconds, urgency, topic }) {
  const subscription = { endpoint: ANY_ENDPOINT, keys: { p256dh, auth } };
  const { headers, body } = webPush.generateRequestDetails(subscription, payload, {
    // @ts-expect-error The types do not know that null keeps the library from signing.
    vapidDetails: null,
    TTL: ttlSeconds,
    urgency,
    ...(topic === undefined ? {} : { topic }),
  });
  return { headers: Object.entries(headers).flat().map(String), body };
}
