/**
 * Why the server ends a connection, and whether the client should come back by itself. A failed request is an error
 * (see error-codes); a connection that is over is one of these.
 */
export const DISCONNECT_REASONS = {
  draining: { code: 4001, reconnect: "yes", message: "The node is stopping; connect again." },
  unavailable: { code: 4003, reconnect: "yes", message: "The node can't read its database; connect again." },
  slow_consumer: { code: 4008, reconnect: "yes", message: "The connection could not keep up." },
  token_expired: { code: 4401, reconnect: "no", message: "The token expired; sign in again." },
  access_revoked: { code: 4403, reconnect: "no", message: "The token was revoked or the account blocked." },
  removed: {
    code: 4404,
    reconnect: "no",
    message: "This connection was for one chat; you are not in it any more.",
  },
  too_many_connections: { code: 4429, reconnect: "no", message: "Too many open connections." },
  too_many_events: { code: 4430, reconnect: "yes", message: "Too many events in a short time." },
} as const satisfies Record<string, { code: number; reconnect: "yes" | "no"; message: string }>;

export type DisconnectReason = keyof typeof DISCONNECT_REASONS;
