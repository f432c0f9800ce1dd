import { LIMITS, ParleyError } from "@parley/contracts";
import { type DirectoryPerson, type Engine, findPeople } from "@parley/engine";
import { z } from "zod";
import type { DialectSocket, Said } from "../dialect-socket.js";
import { readInput } from "../read-input.js";
import { enterRoom } from "./enter-room.js";
import { filledText } from "./filled-text.js";
import { gatewayErrorFrame } from "./gateway-errors.js";
import { namingOf } from "./naming.js";
import { messageFrame } from "./present-message.js";

const IDLE_MS = 60_000;

const messageInput = z.object({ message: filledText(LIMITS.contentCodePoints) });

export const gatewaySocket: DialectSocket = {
  path: "/ws/chat/:room_id/chat/",
  idleMs: IDLE_MS,
  // Before the connection is part of the live audience, so that nothing is missed between the two.
  admit: async (caller, { room_id: number }) => ({ chatId: (await enterRoom(caller, number)).id }),
  countsAsDelivered: true,
  frames: {
    "chat.message": async ({ ports, identity, chatId }, fields) => {
      const { message: content } = readInput(messageInput, fields);
      if (chatId === undefined) throw new ParleyError("chat_not_found");
      await ports.send({ actor: identity, chatId, draft: { content, type: "text" } });
      // What the sender hears like everybody else says that it is stored.
      return [];
    },
  },
  error: gatewayErrorFrame,
  outbound: {
    changes: {
      "message.created": ({ engine, body: { message } }) =>
        // One that was taken back before it could be told says nothing any more.
        message.deletedAt === null
          ? tellOf(engine, { userId: message.senderId, tell: (person) => messageFrame(message, person) })
          : [],
    },
    signals: {
      "viewer.joined": ({ engine, body: { userId } }) =>
        tellVisit(engine, { type: "chat.user.join", userId }),
      "viewer.left": ({ engine, body: { userId } }) => tellVisit(engine, { type: "chat.user.leave", userId }),
    },
  },
};

function tellVisit(
  engine: Engine,
  { type, userId }: { type: "chat.user.join" | "chat.user.leave"; userId: string },
): Promise<Said> {
  return tellOf(engine, {
    userId,
    tell: (person) => ({ type, username: namingOf(userId, person).nickname }),
  });
}

async function tellOf(
  engine: Engine,
  { userId, tell }: { userId: string; tell: (person: DirectoryPerson | undefined) => object },
): Promise<Said> {
  const people = await findPeople(engine, [userId]);
  return [tell(people.get(userId))];
}
