import type { Message } from "@parley/contracts";
import {
  deleteMessage,
  editMessage,
  findSent,
  type HistoryPosition,
  listMessages,
  markDelivered,
  markRead,
  reactToMessage,
  sendMessage,
} from "@parley/engine";
import { draftOf } from "../../native/draft-of.js";
import { presentMessage, presentReactions } from "../../native/present-message.js";
import type { HandlerContext, Handlers, Input } from "./handler.js";

export const messageHandlers = {
  sendMessage: async (context, input) => {
    const { engine, actor } = context;
    const send = { actor, chatId: input.params.id, draft: draftOf(input.body) };
    return presentMessage((await refusedRetry(context, send)) ?? (await sendMessage(engine, send)));
  },

  listMessages: async ({ engine, actor }, { params, query }) => {
    const position = historyPosition(query);
    const page = await listMessages(engine, { actor, chatId: params.id, limit: query.limit, position });
    return { messages: page.messages.map(presentMessage), hasMore: page.hasMore, total: page.total };
  },

  markMessagesRead: async ({ engine, actor }, { params, body }) => {
    const read = await markRead(engine, { actor, chatId: params.id, messageIds: body.message_ids });
    return { success: true, read_seq: read.readSeq, unread_count: read.unreadCount };
  },

  markMessagesDelivered: async ({ engine, actor }, { params, body }) => {
    const { deliveredSeq } = await markDelivered(engine, { actor, chatId: params.id, seq: body.seq });
    return { success: true, delivered_seq: deliveredSeq };
  },

  editMessage: async ({ engine, actor }, { params, body }) => {
    const { id: chatId, mid: messageId } = params;
    return presentMessage(await editMessage(engine, { actor, chatId, messageId, content: body.content }));
  },

  deleteMessage: async ({ engine, actor }, { params }) =>
    presentMessage(await deleteMessage(engine, { actor, chatId: params.id, messageId: params.mid })),

  addReaction: async (context, { params }) => react(context, { params, remove: false }),

  removeReaction: async (context, { params }) => react(context, { params, remove: true }),
} satisfies Partial<Handlers>;

/** The rate must not turn a retry into a failure: what is stored already is answered, whatever the allowance. */
async function refusedRetry(
  { engine, countMessage }: HandlerContext,
  send: Parameters<typeof findSent>[1],
): Promise<Message | null> {
  try {
    await countMessage();
    return null;
  } catch (refusal) {
    const original = await findSent(engine, send);
    if (original === null) throw refusal;
    return original;
  }
}

function historyPosition(query: Input<"listMessages">["query"]): HistoryPosition {
  if (query.before_seq !== undefined) return { beforeSeq: query.before_seq };
  if (query.after_seq !== undefined) return { afterSeq: query.after_seq };
  if (query.around_seq !== undefined) return { aroundSeq: query.around_seq };
  return { page: query.page };
}

async function react(
  { engine, actor }: HandlerContext,
  { params, remove }: { params: Input<"addReaction">["params"]; remove: boolean },
) {
  const { id: chatId, mid: messageId, emoji } = params;
  const message = await reactToMessage(engine, { actor, chatId, messageId, emoji, remove });
  return { message_id: message.id, reactions: presentReactions(message.reactions) };
}
