import {
  eraseUser,
  exportUser,
  getDataTask,
  listAudit,
  listDataTasks,
  openExport,
  setHold,
} from "@parley/engine";
import { presentAuditEntry } from "../../native/present-audit-entry.js";
import { presentDataTask } from "../../native/present-data-task.js";
import type { Handlers } from "./handler.js";

export const dataDutyHandlers = {
  exportUser: async ({ engine, actor }, { params }) => ({
    task: presentDataTask(await exportUser(engine, { actor, userId: params.user_id })),
  }),

  eraseUser: async ({ engine, actor }, { params, body }) => {
    const request = { actor, userId: params.user_id, confirm: body.confirm, reason: body.reason ?? null };
    return { task: presentDataTask(await eraseUser(engine, request)) };
  },

  holdUser: async ({ engine, actor }, { params, body }) => {
    await setHold(engine, { actor, userId: params.user_id, ...body });
    return { user_id: params.user_id, held: body.held };
  },

  listDataTasks: async ({ engine, actor }, { query }) => {
    const { user_id: userId, ...rest } = query;
    const { tasks, nextCursor } = await listDataTasks(engine, { actor, userId, ...rest });
    return { tasks: tasks.map(presentDataTask), next_cursor: nextCursor };
  },

  getDataTask: async ({ engine, actor }, { params }) =>
    presentDataTask(await getDataTask(engine, { actor, taskId: params.task_id })),

  downloadExport: ({ engine, actor }, { params }) => openExport(engine, { actor, taskId: params.task_id }),

  listAuditEntries: async ({ engine, actor }, { query }) => {
    const { actor: actorId, action, subject: subjectId, from, to, cursor, limit } = query;
    const timeOf = (time: string | undefined) => (time === undefined ? undefined : new Date(time));
    const span = { from: timeOf(from), to: timeOf(to) };
    const page = { cursor, limit };
    const filters = { actorId, action, subjectId };
    const { entries, nextCursor } = await listAudit(engine, { actor, ...filters, ...span, ...page });
    return { entries: entries.map(presentAuditEntry), next_cursor: nextCursor };
  },
} satisfies Partial<Handlers>;
