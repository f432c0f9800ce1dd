import { generateKeyPairSync } from "node:crypto";
import { ConfigFaults, configRows, parseConfig } from "@parley/platform";
import { expect, test } from "vitest";
import { apiConfigSchema } from "./config.js";

const LEAST = {
  DATABASE_URL: "postgresql://u:p@localhost/parley",
  REDIS_URL: "redis://localhost:6379",
  JWT_SECRET: "short",
};
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const LONG = "s".repeat(32);

test("three variables are enough to develop", () => {
  const config = parseConfig(apiConfigSchema, LEAST);
  expect(config).toMatchObject({
    NODE_ENV: "development",
    HOST: "0.0.0.0",
    PORT: 3000,
    JWT_ALGORITHM: "HS256",
    ALLOWED_ORIGINS: [],
    TRUST_PROXY: ["loopback"],
    MESSAGES_PER_MINUTE: 100,
    MESSAGES_BURST: 20,
    POLLING: false,
    DOCS: true,
  });
  expect(config.NODE_NAME).toContain(String(process.pid));
});

test("words, lists and numbers are read", () => {
  const config = parseConfig(apiConfigSchema, {
    ...LEAST,
    PORT: "0",
    POLLING: "true",
    DOCS: "0",
    ALLOWED_ORIGINS: "https://a.example, http://localhost:5173,",
    TRUST_PROXY: "10.0.0.0/8, loopback, 2001:db8::/32, 192.0.2.1",
  });
  expect(config).toMatchObject({
    PORT: 0,
    POLLING: true,
    DOCS: false,
    ALLOWED_ORIGINS: ["https://a.example", "http://localhost:5173"],
    TRUST_PROXY: ["10.0.0.0/8", "loopback", "2001:db8::/32", "192.0.2.1"],
  });
  expect(parseConfig(apiConfigSchema, { ...LEAST, TRUST_PROXY: "none" }).TRUST_PROXY).toEqual([]);
});

test("a public key may be on one line", () => {
  const config = parseConfig(apiConfigSchema, {
    ...LEAST,
    JWT_SECRET: "",
    JWT_ALGORITHM: "RS256",
    JWT_PUBLIC_KEY: pem.replaceAll("\n", "\\n"),
  });
  expect(config.JWT_PUBLIC_KEY?.fits).toBe("RS256");
});

test.each<[string, Record<string, string>, string[]]>([
  ["an absent secret", { JWT_SECRET: "" }, ["JWT_SECRET"]],
  ["a short secret in production", { NODE_ENV: "production" }, ["JWT_SECRET"]],
  ["an absent key", { JWT_ALGORITHM: "RS256" }, ["JWT_ALGORITHM"]],
  [
    "two keys",
    { JWT_ALGORITHM: "RS256", JWT_PUBLIC_KEY: pem, JWT_JWKS_URL: "https://i/k" },
    ["JWT_ALGORITHM"],
  ],
  ["a key of another algorithm", { JWT_ALGORITHM: "ES256", JWT_PUBLIC_KEY: pem }, ["JWT_PUBLIC_KEY"]],
  ["a public key beside HS256", { JWT_PUBLIC_KEY: pem }, ["JWT_ALGORITHM"]],
  [
    "a private key",
    {
      JWT_ALGORITHM: "RS256",
      JWT_PUBLIC_KEY: rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    },
    ["JWT_PUBLIC_KEY"],
  ],
  [
    "keys without https in production",
    { JWT_ALGORITHM: "RS256", JWT_JWKS_URL: "http://i/k", NODE_ENV: "production" },
    ["JWT_JWKS_URL"],
  ],
  ["an unknown algorithm", { JWT_ALGORITHM: "none" }, ["JWT_ALGORITHM"]],
  ["a short gateway secret", { GATEWAY_SECRET: "abc" }, ["GATEWAY_SECRET"]],
  ["a short one beside a good one", { GATEWAY_SECRET: `${LONG},abc` }, ["GATEWAY_SECRET"]],
  ["a third gateway secret", { GATEWAY_SECRET: `${LONG},${LONG},${LONG}` }, ["GATEWAY_SECRET"]],
  [
    "a gateway secret in production that is only good to develop",
    { NODE_ENV: "production", JWT_SECRET: LONG, GATEWAY_SECRET: LONG.slice(1) },
    ["GATEWAY_SECRET"],
  ],
  [
    "a gateway without a proof in production",
    { NODE_ENV: "production", JWT_SECRET: LONG, GATEWAY_PROOF: "off" },
    ["GATEWAY_PROOF"],
  ],
  ["a main server without a token", { USER_DIRECTORY_URL: "https://m" }, ["USER_DIRECTORY_TOKEN"]],
  ["a token without a main server", { USER_DIRECTORY_TOKEN: "t" }, ["USER_DIRECTORY_URL"]],
  [
    "a token that is no header",
    { USER_DIRECTORY_URL: "https://m", USER_DIRECTORY_TOKEN: "a\nb" },
    ["USER_DIRECTORY_TOKEN"],
  ],
  ...["ftp://m", "https://u:p@m", "https://m?a=b", "https://m#a", "m"].map(
    (url): [string, Record<string, string>, string[]] => [
      `a main server at ${url}`,
      { USER_DIRECTORY_URL: url, USER_DIRECTORY_TOKEN: "t" },
      ["USER_DIRECTORY_URL"],
    ],
  ),
  ...["http://main.example.com", "http://8.8.8.8", "http://172.32.0.1", "http://[2001:db8::1]"].map(
    (url): [string, Record<string, string>, string[]] => [
      `a main server at ${url} in production`,
      { NODE_ENV: "production", JWT_SECRET: LONG, USER_DIRECTORY_URL: url, USER_DIRECTORY_TOKEN: "t" },
      ["USER_DIRECTORY_URL"],
    ],
  ),
  ["trust in everyone", { TRUST_PROXY: "true" }, ["TRUST_PROXY"]],
  ["trust in a number of hops", { TRUST_PROXY: "1" }, ["TRUST_PROXY"]],
  ["trust in all addresses", { TRUST_PROXY: "0.0.0.0/0" }, ["TRUST_PROXY"]],
  ["an origin with a star", { ALLOWED_ORIGINS: "*" }, ["ALLOWED_ORIGINS"]],
  ["an origin with a path", { ALLOWED_ORIGINS: "https://a.example/" }, ["ALLOWED_ORIGINS"]],
  ["a number that is none", { PORT: "many", MAX_CONNECTIONS: "0" }, ["PORT", "MAX_CONNECTIONS"]],
  [
    "several at once",
    { PORT: "x", JWT_SECRET: "", REDIS_URL: "http://r" },
    ["PORT", "REDIS_URL", "JWT_SECRET"],
  ],
])("%s is refused", (_name, env, names) => {
  const faults = catchFaults({ ...LEAST, ...env });
  expect(faults.map(({ name }) => name)).toEqual(names);
});

test("production with everything it needs is taken", () => {
  const gateway = { GATEWAY_SECRET: `${LONG}, ${LONG}2` };
  const config = parseConfig(apiConfigSchema, {
    ...LEAST,
    NODE_ENV: "production",
    JWT_SECRET: LONG,
    ...gateway,
  });
  expect(config).toMatchObject({
    NODE_ENV: "production",
    GATEWAY_SECRET: [LONG, `${LONG}2`],
    GATEWAY_PROOF: true,
  });
});

test.each([
  "https://main.example.com/base",
  "http://127.0.0.1:8082",
  "http://main:8082",
  "http://main.internal",
  "http://10.1.2.3",
  "http://172.31.0.1",
  "http://192.168.1.1",
  "http://[fd00::1]",
  "http://[::1]:8082",
])("a main server at %s is taken in production", (url) => {
  const env = {
    NODE_ENV: "production",
    JWT_SECRET: LONG,
    USER_DIRECTORY_URL: url,
    USER_DIRECTORY_TOKEN: "t",
  };
  expect(parseConfig(apiConfigSchema, { ...LEAST, ...env })).toMatchObject({ USER_DIRECTORY_URL: url });
});

test("faults never repeat a secret", () => {
  const text = JSON.stringify(catchFaults({ ...LEAST, NODE_ENV: "production", GATEWAY_SECRET: "hush" }));
  expect(text).not.toContain("hush");
  expect(text).not.toContain('"short"');
});

test("every variable says what it is for, the same on every machine", () => {
  const rows = configRows(apiConfigSchema);
  expect(rows.filter(({ description }) => description === "")).toEqual([]);
  expect(rows.map((row) => row.default).join()).not.toContain(String(process.pid));
});

function catchFaults(env: Record<string, string>) {
  try {
    parseConfig(apiConfigSchema, env);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
  }
  throw new Error("The configuration was taken.");
}
