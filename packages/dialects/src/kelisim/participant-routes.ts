import { ParleyError } from "@parley/contracts";
import { addMembers, type ChatMember, listMemberIds, listMembers, removeMember } from "@parley/engine";
import type { Caller } from "../caller.js";
import type { DialectRoute, RouteAnswer } from "../dialect-route.js";
import { integerIdOf } from "../integer-ids.js";
import { readInput } from "../read-input.js";
import { findChat } from "./find-chat.js";
import { addParticipantsShape, participantShape } from "./input-shapes.js";
import { BASE_PATH } from "./paths.js";
import { presentParticipant } from "./present-chat.js";

const PATH = `${BASE_PATH}/chats/:id/participants`;

export const participantRoutes: readonly DialectRoute[] = [
  {
    method: "get",
    path: PATH,
    handle: async (caller, { params }) => {
      const { id: chatId } = await findChat(caller, params);
      return answer(200, await listMembers(caller.engine, { actor: caller.identity, chatId }));
    },
  },
  {
    method: "post",
    path: PATH,
    handle: async (caller, { params, body }) => {
      const { id: chatId } = await findChat(caller, params);
      const userIds = readInput(addParticipantsShape, body).map(String);
      return answer(201, await addMembers(caller.engine, { actor: caller.identity, chatId, userIds }));
    },
  },
  {
    method: "delete",
    path: `${PATH}/:userId`,
    handle: async (caller, { params }) => {
      const { id, userId: number } = readInput(participantShape, params);
      const { id: chatId } = await caller.engine.chatFacts.readByNumber(id);
      const userId = await memberOf(caller, { chatId, number });
      await removeMember(caller.engine, { actor: caller.identity, chatId, userId });
      return { status: 204 };
    },
  },
];

function answer(status: number, members: readonly ChatMember[]): RouteAnswer {
  return { status, body: { participants: members.map(presentParticipant), total: members.length } };
}

/** Whom a number means: those of other contracts are found among the members only. */
async function memberOf(
  { engine, identity }: Caller,
  { chatId, number }: { chatId: string; number: number },
): Promise<string> {
  if (number > 0) return String(number);
  const ids = await listMemberIds(engine, { actor: identity, chatId });
  const userId = ids.find((id) => integerIdOf(id) === number);
  if (userId === undefined) throw new ParleyError("member_not_found");
  return userId;
}
