import type { RouteResult } from "@parley/client";

export type UserDetail = RouteResult<"GET /v1/admin/users/{user_id}">;

export interface UserActProps {
  user: UserDetail;
  /** Has the page read anew. */
  acted: (words: string) => string;
}
