const UNITS = { ms: 0.001, s: 1, m: 60, h: 3_600 };

/**
 * The settings of a run from its environment; `defaults` are the scenario's own `{vus, duration, sessionSeconds}`. Throws an Error that names
 * the variable whose value makes no sense.
 */
export function readSettings(env, defaults) {
  const number = (name, standard) => readNumber(env, name, standard);
  const durationSeconds = readDuration(env.DURATION || defaults.duration);
  return {
    baseUrl: (env.BASE_URL || "http://127.0.0.1:8080").replace(/\/+$/, ""),
    jwtSecret: env.JWT_SECRET || "",
    gatewaySecret: env.GATEWAY_SECRET || "",
    vus: Math.max(1, Math.round(number("VUS", defaults.vus))),
    durationSeconds,
    /** People of a chat, on contracts that have groups. */
    chatSize: Math.max(2, Math.round(number("CHAT_SIZE", 4))),
    /** Milliseconds between two turns of one person, on average. */
    paceMs: number("PACE_MS", 1_000),
    /** From connecting to holding what was seen against what is stored. */
    sessionSeconds: Math.min(durationSeconds, number("SESSION_SECONDS", defaults.sessionSeconds ?? 15)),
    /** A visit ends after so many turns and not after a time, where this is not 0: for runs that are to be small, however slow the machine. */
    turns: number("TURNS", 0),
    /** Time between two moments in which all connections break. */
    stormSeconds: number("STORM_SECONDS", Math.max(5, durationSeconds / 4)),
    /** How long an answer, a message or a connection is waited for. */
    patienceMs: number("PATIENCE_SECONDS", 60) * 1_000,
    maxFailureRate: number("MAX_FAILURE_RATE", 0.01),
    maxUnjudged: number("MAX_UNJUDGED", 0),
    maxAckMs: number("MAX_ACK_MS", 5_000),
    maxDeliveryMs: number("MAX_DELIVERY_MS", 5_000),
    maxConnectMs: number("MAX_CONNECT_MS", 10_000),
    maxHttpMs: number("MAX_HTTP_MS", 5_000),
    resultFile: env.RESULT_FILE || "",
  };
}

/** Seconds of a duration as k6 writes it: "90s", "1m30s", "0.5h"; a bare number is seconds. */
function readDuration(text) {
  if (/^\d+(\.\d+)?$/.test(text)) return positive("DURATION", text, Number(text));
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return positive("DURATION", text, Number.NaN);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return positive(
    "DURATION",
    text,
    parts.reduce((seconds, [, count, unit]) => seconds + Number(count) * UNITS[unit], 0),
  );
}

function positive(name, text, value) {
  if (value > 0) return value;
  throw new Error(`${name} is "${text}" and must be a duration such as 30s or 1m30s.`);
}

function readNumber(env, name, standard) {
  const text = env[name];
  if (!text) return standard;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name} is "${text}" and must be a number that is not negative.`);
}
