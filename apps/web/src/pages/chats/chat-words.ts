import type { RouteResult } from "@parley/client";
import type { Tone } from "../../parts/tone.js";

type Chat = RouteResult<"GET /v1/admin/chats">["chats"][number];

export const TYPE_WORDS: Record<Chat["type"], string> = { order: "Order", direct: "Direct", group: "Group" };

export const STATUS_WORDS: Record<Chat["status"], string> = {
  active: "Open",
  closed: "Closed",
  archived: "Put away",
};

export const STATUS_TONE: Record<Chat["status"], Tone> = {
  active: "good",
  closed: "plain",
  archived: "plain",
};

export function chatTitle({ title, order_id, type }: Pick<Chat, "title" | "order_id" | "type">): string {
  if (title !== null && title !== "") return title;
  return order_id === null ? `${TYPE_WORDS[type]} chat` : `Order ${order_id}`;
}
