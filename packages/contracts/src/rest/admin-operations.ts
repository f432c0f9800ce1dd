import { z } from "zod";
import { externalId } from "../fields.js";
import type { Operation } from "./operation.js";

const userParams = z.object({ user_id: externalId });
const tag = "Administration";
const roles = ["admin", "system"] as const;

export const adminOperations = {
  revokeTokens: {
    method: "post",
    path: "/v1/admin/users/{user_id}/revoke",
    tag,
    summary: "Make every token issued to a user so far worthless, live connections included",
    roles,
    params: userParams,
    status: 200,
    result: z.object({ user_id: z.string(), revoked_before: z.iso.datetime() }),
  },
  blockUser: {
    method: "put",
    path: "/v1/admin/users/{user_id}/block",
    tag,
    summary: "Keep a user out, whatever token they show",
    roles,
    params: userParams,
    status: 200,
    result: z.object({ user_id: z.string(), blocked: z.boolean() }),
  },
  unblockUser: {
    method: "delete",
    path: "/v1/admin/users/{user_id}/block",
    tag,
    summary: "Let a user in again",
    roles,
    params: userParams,
    status: 200,
    result: z.object({ user_id: z.string(), blocked: z.boolean() }),
  },
} as const satisfies Record<string, Operation>;
