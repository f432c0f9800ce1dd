import { expect, test } from "vitest";
import { judgeToken } from "./judge-token.js";

const NOW = 1_800_000_000_000;
const tokenOf = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`;

test.each([
  ["garbage", "garbage", "no token"],
  ["an expired one", tokenOf({ sub: "a", role: "admin", exp: NOW / 1000 - 300 }), "expired 5 min ago"],
  ["another role", tokenOf({ sub: "a", role: "user", exp: NOW / 1000 + 9 }), "has the role “user”"],
  ["no role", tokenOf({ sub: "a", exp: NOW / 1000 + 9 }), "has no role"],
])("says what is wrong with %s", (_name, token, words) => {
  expect(judgeToken(token, NOW)).toContain(words);
});

test("leaves the rest to the server", () => {
  expect(judgeToken(tokenOf({ sub: "a", role: "admin", exp: NOW / 1000 + 9 }), NOW)).toBeUndefined();
});
