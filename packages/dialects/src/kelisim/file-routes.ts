import { listFiles, openFile, storeFile } from "@parley/engine";
import type { DialectRoute } from "../dialect-route.js";
import { readInput } from "../read-input.js";
import { findChat } from "./find-chat.js";
import { filePageShape, idShape } from "./input-shapes.js";
import { BASE_PATH } from "./paths.js";
import { presentFile } from "./present-file.js";

export const fileRoutes: readonly DialectRoute[] = [
  {
    method: "post",
    path: `${BASE_PATH}/chats/:id/files`,
    upload: true,
    handle: async (caller, { params, receive }) => {
      const { id: chatId, number } = await findChat(caller, params);
      const { engine, identity: actor } = caller;
      const stored = await receive((file) => storeFile(engine, { actor, chatId, ...file }));
      return { status: 201, body: presentFile(stored, number) };
    },
  },
  {
    method: "get",
    path: `${BASE_PATH}/chats/:id/files`,
    handle: async (caller, { params, query }) => {
      const { id: chatId, number } = await findChat(caller, params);
      const { limit, before_id: before } = readInput(filePageShape, query);
      const { engine, identity: actor } = caller;
      const { files, next } = await listFiles(engine, { actor, chatId, limit, before });
      const shapes = files.map((file) => presentFile(file, number));
      return { status: 200, body: { files: shapes, has_more: next !== null } };
    },
  },
  {
    method: "get",
    path: `${BASE_PATH}/files/:id/download`,
    handle: async ({ engine, identity }, { params }) => {
      const { id: number } = readInput(idShape, params);
      return { file: await openFile(engine, { actor: identity, name: { number } }) };
    },
  },
];
