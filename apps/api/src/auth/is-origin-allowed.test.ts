import { expect, test } from "vitest";
import { isOriginAllowed } from "./is-origin-allowed.js";

test("web pages call from listed origins, from all while developing, and from none in production", () => {
  const listed = { ALLOWED_ORIGINS: ["https://app.example.com"], NODE_ENV: "production" as const };
  expect(isOriginAllowed(listed, "https://app.example.com")).toBe(true);
  for (const origin of [
    "https://app.example.com.evil.net",
    "http://app.example.com",
    "https://app.example.com:8443",
    "null",
    "",
  ]) {
    expect(isOriginAllowed(listed, origin)).toBe(false);
  }
  expect(isOriginAllowed(listed, undefined)).toBe(true);
  expect(isOriginAllowed({ ALLOWED_ORIGINS: [], NODE_ENV: "development" }, "https://any.example")).toBe(true);
  expect(isOriginAllowed({ ALLOWED_ORIGINS: [], NODE_ENV: "production" }, "https://any.example")).toBe(false);
});
