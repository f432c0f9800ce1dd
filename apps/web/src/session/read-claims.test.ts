import { expect, test } from "vitest";
import { readClaims } from "./read-claims.js";

const tokenOf = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`;

test("says who holds the token, and until when", () => {
  const token = tokenOf({ sub: "ops", name: "Zoë Ł", role: "admin", exp: 1_900_000_000 });
  expect(readClaims(token)).toEqual({
    userId: "ops",
    name: "Zoë Ł",
    role: "admin",
    expiresAt: 1_900_000_000_000,
  });
});

test("takes the id from where some issuers have it", () => {
  expect(readClaims(tokenOf({ user_id: 7 }))?.userId).toBe("7");
  expect(readClaims(tokenOf({ id: "x" }))?.userId).toBe("x");
});

test.each(["", "a.b", "a.b.c.d", "e30.%%%.sig", `e30.${Buffer.from("[").toString("base64url")}.s`, "null"])(
  "knows that %j is no token",
  (text) => {
    expect(readClaims(text)).toBeUndefined();
  },
);
