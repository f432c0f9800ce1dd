import type { Identity } from "@parley/contracts";
import type { Request, Response } from "express";

/** The only place that takes the cookie, so that it goes nowhere else. */
export const BOARD_PATH = "/admin/queues";

const NAME = "parley_admin";

/** Browsers keep cookies of up to 4,096 bytes with their name and attributes. */
const LONGEST_TOKEN = 3_800;

/**
 * Lends the browser the token for a page that can't send one by itself, for as long as the token is good. Out of reach of scripts and of
 * other sites. Returns false when the token is longer than a cookie may be.
 */
export function lendToken(
  response: Response,
  { token, identity, isSecure }: { token: string; identity: Identity; isSecure: boolean },
): boolean {
  if (token.length > LONGEST_TOKEN || identity.expiresAt === undefined) return false;
  response.cookie(NAME, token, { ...attributesOf(isSecure), expires: new Date(identity.expiresAt * 1000) });
  return true;
}

export function takeTokenBack(response: Response, { isSecure }: { isSecure: boolean }): void {
  response.clearCookie(NAME, attributesOf(isSecure));
}

/** The token that the browser was lent; undefined when it shows none. */
export function lentToken(request: Request): string | undefined {
  for (const part of (request.get("Cookie") ?? "").split(";")) {
    const [name, ...value] = part.trim().split("=");
    if (name === NAME) return value.join("=");
  }
  return undefined;
}

function attributesOf(isSecure: boolean) {
  return { httpOnly: true, sameSite: "strict", path: BOARD_PATH, secure: isSecure } as const;
}
