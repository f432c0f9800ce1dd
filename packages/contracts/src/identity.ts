/** The roles that have rights of their own. Any other role is kept as given and has a user's rights. */
export const KNOWN_ROLES = ["user", "shopper", "admin", "system"] as const;

/** Who speaks when no person does. Only the platform, whose role has the same name, signs in under this id, or the chat's own messages could be forged. */
export const SYSTEM_USER_ID = "system";

/** Who is asking, as an edge has established it. */
export interface Actor {
  userId: string;
  role: string;
  /** The request by which they act, for the audit log. */
  origin?: { requestId: string; address: string | undefined };
}

/** An actor with what its token says about the person, for the user directory. */
export interface Identity extends Actor {
  /** Nobody has said the role: it counts for this request, and says nothing about the person. */
  isRoleAssumed?: true;
  name?: string;
  email?: string;
  picture?: string;
  /** Unix seconds; what was issued before a revocation is worth nothing any more. */
  issuedAt?: number;
  /** Unix seconds; live connections end when it passes. */
  expiresAt?: number;
}
