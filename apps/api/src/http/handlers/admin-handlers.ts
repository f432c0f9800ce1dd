import { revokeTokens, setBlocked } from "@parley/engine";
import type { Handlers } from "./handler.js";

export const adminHandlers = {
  revokeTokens: async ({ engine, actor }, { params }) => {
    const { revokedBefore } = await revokeTokens(engine, { actor, userId: params.user_id });
    return { user_id: params.user_id, revoked_before: revokedBefore.toISOString() };
  },
  blockUser: async ({ engine, actor }, { params }) => {
    await setBlocked(engine, { actor, userId: params.user_id, blocked: true });
    return { user_id: params.user_id, blocked: true };
  },
  unblockUser: async ({ engine, actor }, { params }) => {
    await setBlocked(engine, { actor, userId: params.user_id, blocked: false });
    return { user_id: params.user_id, blocked: false };
  },
} satisfies Partial<Handlers>;
