import { ParleyError, SYSTEM_USER_ID } from "@parley/contracts";

/** What is left of erased people begins like this: pseudonyms, and the digests of their ids. */
const ERASED = "erased:";

/**
 * Ids that are nobody's: what operators do to a person can't be done to them. Refuses: forbidden (the platform's own id, under which all chats
 * speak, and what is left of somebody who was erased).
 */
export function assertPerson(userId: string): void {
  if (userId === SYSTEM_USER_ID)
    throw new ParleyError("forbidden", {
      message: "The platform is no person: all chats speak under its id.",
    });
  if (userId.startsWith(ERASED))
    throw new ParleyError("forbidden", { message: "This is what is left of somebody who was erased." });
}
