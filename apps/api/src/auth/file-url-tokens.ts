import { createHmac, timingSafeEqual } from "node:crypto";
import { type Identity, ParleyError } from "@parley/contracts";

/** Signs what stands in for a bearer token in the address of one file. */
export interface FileUrlTokens {
  sign(identity: Identity, fileId: string): { token: string; expiresAt: Date };
  /** Who asked for the address. Throws file_url_invalid when it has expired, is of another file, or was not made here. */
  verify(token: string, fileId: string): Identity;
}

/** The key is the same on all nodes. */
export function createFileUrlTokens({ key, seconds }: { key: Buffer; seconds: number }): FileUrlTokens {
  const macOf = (claims: string, fileId: string) =>
    createHmac("sha256", key).update(`GET\n${fileId}\n${claims}`).digest();
  return {
    sign: ({ userId, role, issuedAt }, fileId) => {
      const expires = Math.ceil(Date.now() / 1000) + seconds;
      const claims = Buffer.from(JSON.stringify([userId, role, issuedAt ?? 0, expires])).toString(
        "base64url",
      );
      const token = `${claims}.${macOf(claims, fileId).toString("base64url")}`;
      return { token, expiresAt: new Date(expires * 1000) };
    },
    verify: (token, fileId) => {
      const [claims = "", mac = "", ...rest] = token.split(".");
      const given = Buffer.from(mac, "base64url");
      const expected = macOf(claims, fileId);
      const isGenuine =
        rest.length === 0 && given.length === expected.length && timingSafeEqual(given, expected);
      if (!isGenuine) throw new ParleyError("file_url_invalid");
      const [userId, role, issuedAt, expires] = JSON.parse(
        Buffer.from(claims, "base64url").toString("utf8"),
      ) as [string, string, number, number];
      if (expires * 1000 <= Date.now()) throw new ParleyError("file_url_invalid");
      return { userId, role, issuedAt };
    },
  };
}
