import type { RouteResult } from "@parley/client";

export type ChatDetail = RouteResult<"GET /v1/admin/chats/{chat_id}">;

export interface ActProps {
  chat: ChatDetail;
  /** Has the page read anew. */
  acted: (words: string) => string;
}
