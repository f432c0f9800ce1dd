import { z } from "zod";
import { timestamp, uuid } from "../fields.js";
import {
  archiveRunShape,
  archiveShape,
  chatArchiveShape,
  holdBody,
  retentionBody,
} from "./archive-shapes.js";
import type { Operation } from "./operation.js";

const tag = "Administration";
const roles = ["admin"] as const;
const params = z.object({ chat_id: uuid });
const asked = z.object({ run: archiveRunShape });

export const archiveOperations = {
  getArchive: {
    method: "get",
    path: "/v1/admin/archive",
    tag,
    summary: "What the archive holds, and its last runs",
    roles,
    status: 200,
    result: archiveShape,
  },
  runArchive: {
    method: "post",
    path: "/v1/admin/archive/run",
    tag,
    summary: "Archive what is due, now",
    description: "As the next run by the clock would; while one waits or runs, that one is answered.",
    roles,
    status: 202,
    result: asked,
  },
  getChatArchive: {
    method: "get",
    path: "/v1/admin/chats/{chat_id}/archive",
    tag,
    summary: "What is archived of a chat, and by which retention",
    roles,
    params,
    status: 200,
    result: chatArchiveShape,
  },
  archiveChat: {
    method: "post",
    path: "/v1/admin/chats/{chat_id}/archive",
    tag,
    summary: "Archive a chat's messages now",
    description:
      "Those from before a time, or all. The newest 200 stay, as does what notifications are still to be made of, or what others may not have heard yet. Refused while the chat is held.",
    roles,
    params,
    body: z.object({ before: timestamp.optional() }),
    status: 202,
    result: asked,
  },
  restoreChat: {
    method: "post",
    path: "/v1/admin/chats/{chat_id}/restore",
    tag,
    summary: "Bring a chat's archived messages back",
    description: "Its retention is then 0: nothing of it is archived again until that is changed.",
    roles,
    params,
    status: 202,
    result: asked,
  },
  purgeChat: {
    method: "post",
    path: "/v1/admin/chats/{chat_id}/purge",
    tag,
    summary: "Delete a chat's archived messages for good",
    description:
      "Those of segments that are all from before a time, or all. What is not archived stays. Refused while the chat is held.",
    roles,
    params,
    body: z.object({
      confirm: uuid.meta({ description: "The chat's id again." }),
      before: timestamp.optional(),
    }),
    status: 202,
    result: asked,
  },
  setChatRetention: {
    method: "put",
    path: "/v1/admin/chats/{chat_id}/retention",
    tag,
    summary: "Set after how many days a chat's messages are archived",
    roles,
    params,
    body: retentionBody,
    status: 200,
    result: chatArchiveShape,
  },
  setChatHold: {
    method: "put",
    path: "/v1/admin/chats/{chat_id}/hold",
    tag,
    summary: "Put a chat on legal hold, or take it off",
    description: "While it is held, nothing of it is archived or deleted by age or by an operator's purge.",
    roles,
    params,
    body: holdBody,
    status: 200,
    result: chatArchiveShape,
  },
} as const satisfies Record<string, Operation>;
