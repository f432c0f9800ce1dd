import { z } from "zod";
import { externalId, pageLimit, textField, timestamp, uuid } from "../fields.js";
import { LIMITS } from "../limits.js";
import { messageShape } from "./message-shapes.js";
import type { Operation } from "./operation.js";

const searchQuery = z.object({
  q: textField(LIMITS.searchCodePoints).min(1),
  chat_id: uuid.optional(),
  from: externalId.optional(),
  before: timestamp.optional(),
  after: timestamp.optional(),
  limit: pageLimit(20),
  cursor: z.string().max(200).optional(),
});

const searchPage = z
  .object({
    results: z.array(
      z.object({
        message: messageShape,
        highlights: z.array(z.object({ start: z.int(), end: z.int() })).meta({
          description:
            "Where the words stand in `content`: UTF-16 code units, as JavaScript counts them; `end` is the first one behind.",
        }),
      }),
    ),
    next_cursor: z.string().nullable().meta({
      description:
        "Older ones, perhaps: a page may hold fewer than were asked for, and none. Null: there are no more.",
    }),
    archived_searched: z.literal(false).meta({ description: "What is archived is read, but not searched." }),
    archived_before: z.iso.datetime().nullable().meta({
      description:
        "Some messages from before this time would have been searched if they were not archived; null: there are none.",
    }),
  })
  .meta({ id: "SearchPage" });

export type SearchPageShape = z.infer<typeof searchPage>;

export const searchOperations = {
  search: {
    method: "get",
    path: "/v1/search",
    tag: "Messages",
    summary: "Search my chats",
    description:
      "Newest first. Chinese, Japanese, Korean, Thai and others that put no spaces between words are found by any part of a text.",
    query: searchQuery,
    searches: true,
    status: 200,
    result: searchPage,
  },
} as const satisfies Record<string, Operation>;
