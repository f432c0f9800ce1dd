import { ParleyError } from "@parley/contracts";
import { getFile, listFiles, openFile, openThumbnail, storeFile } from "@parley/engine";
import { presentFile } from "../../native/present-file.js";
import type { Handlers } from "./handler.js";

export const fileHandlers = {
  uploadFile: async ({ engine, actor }, { params, query, body: receive }) => {
    const upload = { actor, chatId: params.id, clientId: query.client_id };
    return presentFile(await receive((file) => storeFile(engine, { ...upload, ...file })));
  },

  listFiles: async ({ engine, actor }, { params, query }) => {
    const before = query.cursor === undefined ? undefined : numberOf(query.cursor);
    const page = await listFiles(engine, { actor, chatId: params.id, limit: query.limit, before });
    const files = page.files.map(presentFile);
    return page.next === null ? { files } : { files, next_cursor: String(page.next) };
  },

  downloadFile: ({ engine, actor }, { params }) =>
    openFile(engine, { actor, name: { fileId: params.file_id } }),

  downloadThumbnail: ({ engine, actor }, { params }) =>
    openThumbnail(engine, { actor, name: { fileId: params.file_id } }),

  signFileUrl: async ({ engine, actor, fileUrls }, { params }) => {
    const file = presentFile(await getFile(engine, { actor, name: { fileId: params.file_id } }));
    const { token, expiresAt } = fileUrls.sign(actor, file.id);
    return {
      url: `${file.url}?token=${token}`,
      ...(file.thumbnail_url !== undefined && { thumbnail_url: `${file.thumbnail_url}?token=${token}` }),
      expires_at: expiresAt.toISOString(),
    };
  },
} satisfies Partial<Handlers>;

function numberOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  const errors = [{ path: "cursor", message: "must be the next_cursor of an earlier page" }];
  throw new ParleyError("invalid_input", { errors });
}
