import { z } from "zod";
import { filePath } from "../fields.js";

/** A file of a chat on the native wire. */
export const fileShape = z
  .object({
    id: z.uuid(),
    chat_id: z.uuid(),
    uploader_id: z.string(),
    name: z
      .string()
      .meta({ description: "As its owner called it, without folders and invisible characters." }),
    mime_type: z.string().meta({
      description:
        "Read from the bytes. What could run in a browser, and what is not known, is `application/octet-stream`.",
    }),
    size: z.int().meta({ description: "Bytes." }),
    sha256: z.string().meta({ description: "Of the bytes, in hex." }),
    url: z.string().meta({
      description: `Its path, such as \`${filePath("…")}\`: what a message names as \`attachment_url\`.`,
    }),
    width: z.int().optional().meta({ description: "Pixels as shown, of images." }),
    height: z.int().optional(),
    thumbnail_url: z
      .string()
      .optional()
      .meta({ description: "Path of a small picture; absent when there is none." }),
    created_at: z.iso.datetime(),
    attached_at: z.iso.datetime().optional().meta({ description: "When a message first named it." }),
  })
  .meta({ id: "File" });

export type FileShape = z.infer<typeof fileShape>;

export const filePage = z
  .object({
    files: z.array(fileShape).meta({ description: "Newest first." }),
    next_cursor: z.string().optional().meta({ description: "Absent on the last page." }),
  })
  .meta({ id: "FilePage" });

export const signedUrlResult = z.object({
  url: z.string().meta({
    description: "A path with a token, for who can't send an `Authorization` header, such as `<img>`.",
  }),
  thumbnail_url: z.string().optional(),
  expires_at: z.iso.datetime(),
});
