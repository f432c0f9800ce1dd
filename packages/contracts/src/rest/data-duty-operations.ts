import { z } from "zod";
import { externalId, uuid } from "../fields.js";
import {
  auditPage,
  auditQuery,
  dataTaskPage,
  dataTaskQuery,
  dataTaskResult,
  dataTaskShape,
  eraseBody,
  holdBody,
  holdResult,
} from "./data-duty-shapes.js";
import type { Operation } from "./operation.js";

const userParams = z.object({ user_id: externalId });
const taskParams = z.object({ task_id: uuid });
const tag = "Administration";
const roles = ["admin"] as const;

export const dataDutyOperations = {
  exportUser: {
    method: "post",
    path: "/v1/admin/users/{user_id}/export",
    tag,
    summary: "Gather everything that is a user's",
    description:
      "The worker makes a tar of NDJSON files and of the user's own files. While one is being made, the same task is answered.",
    roles,
    params: userParams,
    status: 202,
    result: dataTaskResult,
  },
  eraseUser: {
    method: "post",
    path: "/v1/admin/users/{user_id}/erase",
    tag,
    summary: "Erase a user",
    description:
      "For good. The user is kept out at once; the worker erases, and the task's report says what was erased and what stays. A legal hold refuses: then the task is `refused`.",
    roles,
    params: userParams,
    body: eraseBody,
    status: 202,
    result: dataTaskResult,
  },
  holdUser: {
    method: "put",
    path: "/v1/admin/users/{user_id}/hold",
    tag,
    summary: "Put a user under legal hold, or lift it",
    description:
      "While it lasts the user can't be erased, and what they wrote is not purged from the archive.",
    roles,
    params: userParams,
    body: holdBody,
    status: 200,
    result: holdResult,
  },
  listDataTasks: {
    method: "get",
    path: "/v1/admin/tasks",
    tag,
    summary: "Exports and erasures, the newest first",
    roles,
    query: dataTaskQuery,
    status: 200,
    result: dataTaskPage,
  },
  getDataTask: {
    method: "get",
    path: "/v1/admin/tasks/{task_id}",
    tag,
    summary: "An export or erasure",
    roles,
    params: taskParams,
    status: 200,
    result: dataTaskShape,
  },
  downloadExport: {
    method: "get",
    path: "/v1/admin/tasks/{task_id}/download",
    tag,
    summary: "The tar of an export",
    description: "Takes `Range`, `If-Range` and `If-None-Match`. Each download is noted in the audit log.",
    roles,
    params: taskParams,
    status: 200,
    result: "file",
  },
  listAuditEntries: {
    method: "get",
    path: "/v1/admin/audit",
    tag,
    summary: "Who did what, the newest first",
    roles,
    query: auditQuery,
    status: 200,
    result: auditPage,
  },
} as const satisfies Record<string, Operation>;
