import { ConfigFaults, parseConfig } from "@parley/platform";
import { describe, expect, test } from "vitest";
import { apiConfigSchema } from "./config.js";
import { fileUrlKey } from "./file-config.js";

const BASE = {
  DATABASE_URL: "postgresql://localhost/parley",
  REDIS_URL: "redis://localhost",
  JWT_SECRET: "a-secret-for-tests-that-is-long-enough",
};
const PUBLISHED = { JWT_SECRET: "", JWT_ALGORITHM: "RS256", JWT_JWKS_URL: "https://issuer.example/keys" };

function faultsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(apiConfigSchema, { ...BASE, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults.map(({ name }) => name);
    throw error;
  }
}

describe("the variables about files", () => {
  test.each<[string, Record<string, string>, string[]]>([
    ["none", {}, []],
    ["a folder", { STORAGE_PATH: "/files" }, []],
    ["a bucket", { S3_BUCKET: "b", S3_ACCESS_KEY_ID: "k", S3_SECRET_ACCESS_KEY: "s" }, []],
    ["a folder and a bucket", { STORAGE_PATH: "/files", S3_BUCKET: "b" }, ["S3_BUCKET"]],
    ["a key without its secret", { S3_BUCKET: "b", S3_ACCESS_KEY_ID: "k" }, ["S3_ACCESS_KEY_ID"]],
    ["a prefix that is none", { S3_PREFIX: "/a" }, ["S3_PREFIX"]],
    ["no size", { MAX_FILE_SIZE: "0" }, ["MAX_FILE_SIZE"]],
    ["a long address", { FILE_URL_SECONDS: "3601" }, ["FILE_URL_SECONDS"]],
    ["nothing to sign with, and no files", PUBLISHED, []],
    ["nothing to sign with", { ...PUBLISHED, S3_BUCKET: "b" }, ["FILE_URL_SECRET"]],
    ["something to sign with", { ...PUBLISHED, S3_BUCKET: "b", FILE_URL_SECRET: "x".repeat(32) }, []],
    ["too little to sign with", { FILE_URL_SECRET: "x" }, ["FILE_URL_SECRET"]],
  ])("with %s", (_what, env, faults) => expect(faultsOf(env)).toEqual(faults));

  test("have the standard limits", () => {
    const { MAX_FILE_SIZE, FILE_QUOTA_BYTES, FILE_URL_SECONDS } = parseConfig(apiConfigSchema, BASE);
    expect([MAX_FILE_SIZE, FILE_QUOTA_BYTES, FILE_URL_SECONDS]).toEqual([10_485_760, 1_073_741_824, 300]);
  });

  test("make one key on all nodes, which is not the tokens' own", () => {
    const key = fileUrlKey({ JWT_SECRET: "secret" });
    expect(key).toEqual(fileUrlKey({ JWT_SECRET: "secret" }));
    expect(key).not.toEqual(fileUrlKey({ JWT_SECRET: "other" }));
    expect(key.includes("secret")).toBe(false);
    expect(fileUrlKey({ JWT_SECRET: "secret", FILE_URL_SECRET: "own" })).toEqual(
      fileUrlKey({ FILE_URL_SECRET: "own" }),
    );
  });
});
