import { syncQuery, syncResult } from "../rest/sync-operations.js";
import type { Command } from "./command.js";

export const changesSync = {
  summary: "Every change in my chats since a cursor, as GET /v1/sync",
  input: syncQuery,
  result: syncResult,
} as const satisfies Command;
