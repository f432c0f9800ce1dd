import { ParleyError } from "@parley/contracts";
import {
  type ArchiveRequest,
  archiveStats,
  chatArchive,
  listArchiveRuns,
  requestArchiveRun,
  setRetention,
} from "@parley/engine";
import { presentArchiveRun, presentChatArchive } from "../../native/present-archive.js";
import type { HandlerContext, Handlers } from "./handler.js";

const LISTED_RUNS = 20;

export const archiveHandlers = {
  getArchive: async ({ engine }) => {
    const [totals, runs] = await Promise.all([archiveStats(engine), listArchiveRuns(engine, LISTED_RUNS)]);
    const last = runs.find(({ chatsLeft, finishedAt }) => chatsLeft !== null && finishedAt !== null);
    return {
      totals: {
        segments: totals.segments,
        messages: totals.messages,
        bytes_before: totals.rawBytes,
        bytes_after: totals.storedBytes,
      },
      runs: runs.map(presentArchiveRun),
      due: {
        chats: last?.chatsLeft ?? null,
        messages: null,
        as_of: last?.finishedAt?.toISOString() ?? null,
      },
    };
  },

  getChatArchive: async ({ engine, actor }, { params }) =>
    presentChatArchive(params.chat_id, await chatArchive(engine, { actor, chatId: params.chat_id })),

  runArchive: async (context) => ask(context, { kind: "requested" }),

  archiveChat: async (context, { params, body }) =>
    ask(context, { kind: "archive", chatId: params.chat_id, before: dateOf(body.before) }),

  restoreChat: async (context, { params }) => ask(context, { kind: "restore", chatId: params.chat_id }),

  purgeChat: async (context, { params, body }) => {
    if (body.confirm !== params.chat_id) {
      const errors = [{ path: "confirm", message: "must be the id of the chat" }];
      throw new ParleyError("invalid_input", { errors });
    }
    return ask(context, { kind: "purge", chatId: params.chat_id, before: dateOf(body.before) });
  },

  setChatRetention: async (context, { params, body }) =>
    retain(context, { chatId: params.chat_id, change: { archiveAfterDays: body.days } }),

  setChatHold: async (context, { params, body }) =>
    retain(context, { chatId: params.chat_id, change: { legalHold: body.held }, reason: body.reason }),
} satisfies Partial<Handlers>;

async function ask({ engine, actor }: HandlerContext, request: ArchiveRequest) {
  return { run: presentArchiveRun(await requestArchiveRun(engine, { actor, request })) };
}

async function retain(
  { engine, actor }: HandlerContext,
  input: Omit<Parameters<typeof setRetention>[1], "actor">,
) {
  await setRetention(engine, { actor, ...input });
  return presentChatArchive(input.chatId, await chatArchive(engine, { actor, chatId: input.chatId }));
}

function dateOf(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
