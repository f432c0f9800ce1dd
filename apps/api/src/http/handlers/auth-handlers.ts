import { findPeople } from "@parley/engine";
import type { Handlers } from "./handler.js";

/** Somebody waits behind a gateway for this. */
const PATIENCE_MS = 500;
/** Servers take some 16 KiB of headers, and all that a gateway adds has to fit. A picture whose address is longer is left out. */
const HEADER_LENGTH = 4_096;
const LATEST_SECONDS = 999_999_999_999;

export const authHandlers = {
  verifyToken: async ({ engine, actor, setHeader }) => {
    const people = await findPeople(engine, [actor.userId], { patienceMs: PATIENCE_MS });
    const person = people.get(actor.userId);
    const headers = {
      "X-User-Id": actor.userId,
      "X-Nickname": person?.name ?? actor.name,
      "X-Email": person?.email ?? actor.email,
      "X-Profile-Url": person?.picture ?? actor.picture,
    };
    for (const [name, value] of Object.entries(headers)) {
      const encoded = encodeURIComponent(value ?? "");
      if (encoded !== "" && encoded.length <= HEADER_LENGTH) setHeader(name, encoded);
    }
    if (actor.expiresAt !== undefined) setHeader("X-Token-Expires", seconds(actor.expiresAt));
  },
} satisfies Partial<Handlers>;

/** Some issuers write times that are further away than a gateway's header can say. */
function seconds(time: number): string {
  return String(Math.max(0, Math.min(Math.floor(time), LATEST_SECONDS)));
}
