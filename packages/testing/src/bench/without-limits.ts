/** The settings of a server that is measured: what it can do, and not what it lets one address or one person do. */
export const WITHOUT_LIMITS = {
  LOG_LEVEL: "warn",
  MESSAGES_PER_MINUTE: "1000000",
  MESSAGES_BURST: "100000",
  REQUESTS_PER_MINUTE: "1000000",
  REQUESTS_BURST: "100000",
  SOCKET_EVENTS_PER_SECOND: "100000",
  SOCKET_EVENTS_BURST: "100000",
  CONNECTS_PER_SECOND: "100000",
  HANDSHAKES_PER_MINUTE: "1000000",
  HANDSHAKES_BURST: "100000",
};
