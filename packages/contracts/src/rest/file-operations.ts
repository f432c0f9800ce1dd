import { z } from "zod";
import { externalId, pageLimit, uuid } from "../fields.js";
import { filePage, fileShape, signedUrlResult } from "./file-shapes.js";
import type { Operation } from "./operation.js";

const chatParams = z.object({ id: uuid });
const fileParams = z.object({ file_id: uuid });
const signed = z.object({ token: z.string().max(1_000).optional() });

export const fileOperations = {
  uploadFile: {
    method: "post",
    path: "/v1/chat/{id}/files",
    tag: "Files",
    summary: "Upload a file for a chat",
    description:
      "201 means that it is stored; a message makes it known, with the file's `url` as `attachment_url`. The type is read from the bytes. With a `client_id`, the same upload again answers with the first file.",
    params: chatParams,
    query: z.object({ client_id: externalId.optional() }),
    body: "multipart",
    status: 201,
    result: fileShape,
  },
  listFiles: {
    method: "get",
    path: "/v1/chat/{id}/files",
    tag: "Files",
    summary: "The files of a chat, newest first",
    params: chatParams,
    query: z.object({ limit: pageLimit(50), cursor: z.string().max(200).optional() }),
    status: 200,
    result: filePage,
  },
  downloadFile: {
    method: "get",
    path: "/v1/files/{file_id}",
    tag: "Files",
    summary: "A file's bytes",
    description:
      "Takes `Range` (one range), `If-Range` and `If-None-Match`. Pictures, sound and video of known types are shown, all else is an attachment.",
    params: fileParams,
    query: signed,
    takesSignedUrl: true,
    status: 200,
    result: "file",
  },
  downloadThumbnail: {
    method: "get",
    path: "/v1/files/{file_id}/thumbnail",
    tag: "Files",
    summary: "A small picture of an image",
    description: "WebP, at most 320 pixels wide and high, turned upright, without the original's metadata.",
    params: fileParams,
    query: signed,
    takesSignedUrl: true,
    status: 200,
    result: "file",
  },
  signFileUrl: {
    method: "post",
    path: "/v1/files/{file_id}/url",
    tag: "Files",
    summary: "A short-lived address of a file that needs no Authorization header",
    description:
      "For `<img>` and the like. It works for as long as it says, and only while the person who asked for it is in the chat.",
    params: fileParams,
    status: 201,
    result: signedUrlResult,
  },
} as const satisfies Record<string, Operation>;
