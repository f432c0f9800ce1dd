import { emoji, externalId, nonNegativeInt, positiveInt, textField } from "@parley/contracts";
import { z } from "zod";
import { integerId } from "../read-input.js";

/** Unicode code points of a text. */
const TEXT_CODE_POINTS = 1_000;
/** Rows of one page; larger asks are clamped. */
const PAGE_ROWS = 1_000;
const STANDARD_ROWS = 50;

const text = textField(TEXT_CODE_POINTS).refine((sent) => sent.trim() !== "", "must not be empty");

/** `?limit=` is no number, and means nothing. */
const unlessEmpty = (given: unknown) => (given === "" ? undefined : given);

const rows = (standard: number) =>
  z.preprocess(unlessEmpty, positiveInt.transform((limit) => Math.min(limit, PAGE_ROWS)).default(standard));

const offset = z.preprocess(unlessEmpty, nonNegativeInt.default(0));

export const idShape = z.object({ id: integerId });

export const conversationShape = z.object({ conversation_id: integerId });

export const personShape = z.object({ user_id: integerId });

export const reactionShape = z.object({ message_id: integerId, emoji });

/** The same in a path. */
export const reactionPathShape = z.object({ id: integerId, emoji });

export const typingShape = z.object({ conversation_id: integerId, is_typing: z.boolean() });

/** A message over the WebSocket, whose text is `content` or, in the seed's front end, `message`. */
export const sendFrameShape = z.preprocess(
  (given: { content?: unknown; message?: unknown }) => ({
    ...given,
    content: given.content ?? given.message,
  }),
  z.object({ conversation_id: integerId, content: text, client_id: externalId.nullish() }),
);

/** A message over HTTP. */
export const sendBodyShape = z.object({
  conversation_id: integerId,
  message: text,
  client_id: externalId.nullish(),
});

/** A page of messages, from the newest. */
export const messagePageShape = z.object({ limit: rows(STANDARD_ROWS), offset });

/** A page of conversations: for clients that know of no pages, as many as one can have. */
export const conversationPageShape = z.object({ limit: rows(PAGE_ROWS), offset });
