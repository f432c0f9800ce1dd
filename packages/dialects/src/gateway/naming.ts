import type { DirectoryPerson } from "@parley/engine";

/** How this contract names a person. */
export interface Naming {
  sender: string;
  nickname: string;
  profile_picture_url: string;
}

/**
 * The gateway says all three of everybody whom it brings. People of other contracts may have no e-mail or name; they have their user id,
 * because a client needs something to tell people apart by.
 */
export function namingOf(userId: string, person: DirectoryPerson | undefined): Naming {
  return {
    sender: person?.email ?? userId,
    nickname: person?.name ?? userId,
    profile_picture_url: person?.picture ?? "",
  };
}
