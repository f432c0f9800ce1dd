import { dataConfigFields, nameConfigFields, tellingConfigFields, wholeNumber } from "@parley/platform";
import { z } from "zod";
import { addressList, flag, originList, pemPublicKey } from "./config-fields.js";
import { directoryConfigFields, directoryFaults } from "./directory-config.js";
import { fileConfigFields, fileFaults } from "./file-config.js";
import { gatewayConfigFields, gatewayFaults } from "./gateway-config.js";
import { pushConfigFields } from "./push-config.js";

/** Shorter secrets can be guessed offline from one token. */
const SECRET_BYTES = 32;

/** Everything an API process reads from its environment. */
export const apiConfigSchema = z
  .object({
    NODE_ENV: z.enum(["development", "production", "test"]).default("development").meta({
      description:
        "`production` turns the conveniences of development off: a short JWT_SECRET, a JWT_JWKS_URL without https and open origins are refused, and HSTS is sent.",
    }),
    HOST: z.string().default("0.0.0.0").meta({ description: "Address to listen on." }),
    PORT: wholeNumber(0, 65_535)
      .default(3000)
      .meta({ description: "Port to listen on; 0 takes a free one." }),
    ...nameConfigFields,

    ...dataConfigFields({ poolSize: 10 }),

    JWT_ALGORITHM: z.enum(["HS256", "RS256", "ES256"]).default("HS256").meta({
      description:
        "The only algorithm that tokens may be signed with; what a token says about itself is not believed.",
    }),
    JWT_SECRET: z
      .string()
      .optional()
      .meta({ description: "Secret of HS256 tokens; required with HS256, in production at least 32 bytes." }),
    JWT_PUBLIC_KEY: pemPublicKey().optional().meta({
      description: "Public key (PEM; \\n may stand for a line break) of RS256 or ES256 tokens.",
      valueType: "PEM",
    }),
    JWT_JWKS_URL: z
      .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
      .optional()
      .meta({
        description:
          "Where the issuer publishes its RS256 or ES256 keys, instead of JWT_PUBLIC_KEY; https in production.",
      }),
    JWT_ISSUER: z
      .string()
      .optional()
      .meta({ description: "What tokens must have as `iss`; not checked when left out." }),
    JWT_AUDIENCE: z
      .string()
      .optional()
      .meta({ description: "What tokens must have in `aud`; not checked when left out." }),
    JWT_USER_ID_CLAIM: z
      .enum(["sub", "user_id", "id"])
      .default("sub")
      .meta({ description: "The claim that holds the user's id." }),
    ...gatewayConfigFields,

    ALLOWED_ORIGINS: originList().meta({
      description:
        "Web origins that may call this server, with commas between; none listed: every origin in development, none in production.",
      valueType: "list of origins",
    }),
    TRUST_PROXY: addressList().meta({
      description:
        "Proxies whose X-Forwarded-* headers are believed: addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`, with commas between; `none` for no proxy.",
      valueType: "list of addresses",
    }),
    ...tellingConfigFields,
    TRACE_CALLERS: addressList({ standard: "none" }).meta({
      description:
        "Whose `traceparent` is followed, such as the main server's: addresses, CIDR ranges or names as in TRUST_PROXY; everybody else's requests begin a trace of their own, linked with theirs.",
      valueType: "list of addresses",
    }),

    MESSAGES_PER_MINUTE: wholeNumber(1, 1_000_000)
      .default(100)
      .meta({ description: "Messages one user may send per minute, in the whole cluster." }),
    MESSAGES_BURST: wholeNumber(1, 100_000)
      .default(20)
      .meta({ description: "Messages one user may send at once." }),
    REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000)
      .default(1200)
      .meta({ description: "Requests per minute of one user, or of one address without a valid token." }),
    REQUESTS_BURST: wholeNumber(1, 100_000)
      .default(300)
      .meta({ description: "Requests that one user or address may make at once." }),
    SEARCHES_PER_MINUTE: wholeNumber(1, 1_000_000)
      .default(120)
      .meta({ description: "Searches one user may make per minute, in the whole cluster." }),
    SEARCHES_BURST: wholeNumber(1, 100_000)
      .default(20)
      .meta({ description: "Searches one user may make at once." }),
    SOCKET_EVENTS_PER_SECOND: wholeNumber(1, 100_000)
      .default(50)
      .meta({ description: "Events per second that one socket may send." }),
    SOCKET_EVENTS_BURST: wholeNumber(1, 100_000)
      .default(200)
      .meta({ description: "Events that one socket may send at once." }),
    MAX_CONNECTIONS: wholeNumber(1, 1_000_000)
      .default(12_000)
      .meta({ description: "Sockets that this node takes." }),
    MAX_CONNECTIONS_PER_USER: wholeNumber(1, 10_000)
      .default(50)
      .meta({ description: "Sockets of one user on this node." }),
    CONNECTS_PER_SECOND: wholeNumber(1, 100_000).default(250).meta({
      description:
        "Sockets that this node lets in per second; when more come, as after an outage, they wait or are sent to come back.",
    }),
    HANDSHAKES_PER_MINUTE: wholeNumber(1, 1_000_000).default(6000).meta({
      description:
        "Sockets that may be asked for from one address per minute, in the whole cluster; behind a proxy that TRUST_PROXY does not name, all clients have one address.",
    }),
    HANDSHAKES_BURST: wholeNumber(1, 100_000).default(3000).meta({
      description: "Sockets that may be asked for from one address at once, as when an office comes back.",
    }),
    CONNECTS_PER_MINUTE: wholeNumber(1, 1_000_000)
      .default(120)
      .meta({ description: "Sockets that one user may open per minute, in the whole cluster." }),
    CONNECTS_BURST: wholeNumber(1, 100_000)
      .default(200)
      .meta({ description: "Sockets that one user may open at once." }),
    TYPING_TIMEOUT_MS: wholeNumber(100, 600_000)
      .default(7000)
      .meta({ description: "After this time without a refresh nobody is typing any more." }),
    ...directoryConfigFields,
    ...pushConfigFields,
    ...fileConfigFields,
    WRITE_QUEUE_LIMIT: wholeNumber(1, 1_000_000).default(5000).meta({
      description:
        "Messages that may wait for the database before further ones are refused; marks of positions are counted apart, with the same limit.",
    }),
    POLLING: flag(false).meta({
      description: "Also allow HTTP long-polling; the load balancer must then keep a client on its node.",
    }),
    PARLEY_CATCH_UP: z.enum(["on", "off"]).default("on").meta({
      description:
        "`off` only to show in a test what reading missed changes from Postgres is for; refused in production.",
    }),
    DOCS: flag(true).meta({ description: "Serve the API reference at /docs." }),
    ADMIN_DASHBOARD: z.enum(["on", "off"]).default("on").meta({
      description:
        "Serve the dashboard of administrators at /admin. It shows nothing without a token of the role `admin`; `off` on nodes that strangers reach keeps even its pages from them.",
    }),
  })
  .superRefine(
    (config, context) => {
      for (const { name, problem } of faultsOf(config)) {
        context.addIssue({ code: "custom", path: [name], message: problem });
      }
    },
    // Even when other fields are wrong, so that all faults are shown together.
    {
      when: ({ issues }) =>
        !issues.some(({ path }) =>
          /^(JWT_|GATEWAY_|USER_DIRECTORY_|NODE_ENV|S3_|STORAGE_|FILE_)/.test(String(path?.[0])),
        ),
    },
  );

export type ApiConfig = z.output<typeof apiConfigSchema>;

type Fields = Parameters<typeof gatewayFaults>[0] &
  Parameters<typeof directoryFaults>[0] &
  Parameters<typeof fileFaults>[0] &
  KeyFields & { PARLEY_CATCH_UP: string };

function faultsOf(config: Fields): Array<{ name: string; problem: string }> {
  return [keyFaults, gatewayFaults, directoryFaults, fileFaults, testFlagFaults].flatMap((find) =>
    find(config),
  );
}

function testFlagFaults(config: { NODE_ENV: string; PARLEY_CATCH_UP: string }) {
  if (config.NODE_ENV !== "production" || config.PARLEY_CATCH_UP === "on") return [];
  return [{ name: "PARLEY_CATCH_UP", problem: "must be on in production" }];
}

interface KeyFields {
  NODE_ENV: string;
  JWT_ALGORITHM: string;
  JWT_SECRET?: string | undefined;
  JWT_PUBLIC_KEY?: { fits: string } | undefined;
  JWT_JWKS_URL?: string | undefined;
}

function keyFaults(config: KeyFields): Array<{ name: string; problem: string }> {
  return config.JWT_ALGORITHM === "HS256" ? secretFaults(config) : publicKeyFaults(config);
}

function secretFaults(config: KeyFields): Array<{ name: string; problem: string }> {
  if (config.JWT_PUBLIC_KEY ?? config.JWT_JWKS_URL) {
    return [
      {
        name: "JWT_ALGORITHM",
        problem: "must be RS256 or ES256 where JWT_PUBLIC_KEY or JWT_JWKS_URL is set",
      },
    ];
  }
  if (config.JWT_SECRET === undefined) return [{ name: "JWT_SECRET", problem: "is missing" }];
  if (config.NODE_ENV === "production" && Buffer.byteLength(config.JWT_SECRET) < SECRET_BYTES) {
    return [{ name: "JWT_SECRET", problem: `must have at least ${SECRET_BYTES} bytes in production` }];
  }
  return [];
}

function publicKeyFaults(config: KeyFields): Array<{ name: string; problem: string }> {
  const { JWT_PUBLIC_KEY: key, JWT_JWKS_URL: url, JWT_ALGORITHM: algorithm } = config;
  if ((key === undefined) === (url === undefined)) {
    return [{ name: "JWT_ALGORITHM", problem: `${algorithm} needs either JWT_PUBLIC_KEY or JWT_JWKS_URL` }];
  }
  if (key !== undefined && key.fits !== algorithm) {
    return [{ name: "JWT_PUBLIC_KEY", problem: `must be a key for ${algorithm}` }];
  }
  if (url !== undefined && config.NODE_ENV === "production" && !url.startsWith("https:")) {
    return [{ name: "JWT_JWKS_URL", problem: "must begin with https: in production" }];
  }
  return [];
}
