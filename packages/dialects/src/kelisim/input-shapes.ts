import { externalId, LIMITS, MESSAGE_TYPES, pageLimit, positiveInt, textField } from "@parley/contracts";
import { z } from "zod";
import { integerId } from "../read-input.js";

const STANDARD_ROWS = 50;

/** `?page=` is no number, and means nothing. */
const unlessEmpty = (given: unknown) => (given === "" || given === null ? undefined : given);

const page = z.preprocess(unlessEmpty, positiveInt.default(1));
const rows = z.preprocess(unlessEmpty, pageLimit(STANDARD_ROWS));

export const idShape = z.object({ id: integerId });

/** A page of chats. */
export const chatPageShape = z.object({ page, per_page: rows });

/** A page of messages: by its number, newest first; or what stands before a message. */
export const messagePageShape = z.object({
  page,
  per_page: rows,
  before_id: z.preprocess(unlessEmpty, integerId.optional()),
  limit: z.preprocess(unlessEmpty, pageLimit(STANDARD_ROWS).optional()),
});

/** A page of files, newest first: what was uploaded before one. */
export const filePageShape = z.object({
  before_id: z.preprocess(unlessEmpty, integerId.optional()),
  limit: rows,
});

/** Clients in PHP send `null` for what they leave out. */
const chatName = textField(LIMITS.nameLength)
  .nullish()
  .transform((name) => (name?.trim() ? name.trim() : undefined));

const userIds = z.array(integerId).max(LIMITS.memberIdsPerRequest);

export const createChatShape = z.object({
  name: chatName,
  type: z.enum(["private", "group"]).nullish(),
  participant_ids: userIds.default([]),
});

/** One person or several. */
export const addParticipantsShape = z
  .object({ user_id: z.preprocess(unlessEmpty, integerId.optional()), user_ids: userIds.default([]) })
  .transform(({ user_id, user_ids }) => (user_id === undefined ? user_ids : [user_id, ...user_ids]))
  .refine((ids) => ids.length > 0, { path: ["user_id"], message: "is missing" });

/** A person in a path: the negative numbers are people of other contracts. */
export const participantShape = z.object({
  id: integerId,
  userId: z
    .string()
    .regex(/^-?[1-9]\d{0,15}$/, "must be a whole number")
    .transform(Number)
    .refine(Number.isSafeInteger, "must be a whole number"),
});

const draft = {
  content: textField(LIMITS.contentCodePoints)
    .nullish()
    .transform((content) => content ?? ""),
  temp_id: externalId.nullish(),
  /** With a file, the text may be empty. */
  file_id: z.preprocess(unlessEmpty, integerId.optional()),
};
const type = z
  .enum(MESSAGE_TYPES)
  .nullish()
  .transform((given) => given ?? undefined);

/** A message over HTTP. */
export const messageBodyShape = z.object({ ...draft, type });

/** A message over the WebSocket. */
export const messageFrameShape = z.object({ ...draft, chat_id: integerId, message_type: type });

export const statusShape = z.object({ status: z.literal("read", "must be read") });

export const typingFrameShape = z.object({ chat_id: integerId, is_typing: z.boolean() });

export const readFrameShape = z.object({ chat_id: integerId, message_id: integerId });
