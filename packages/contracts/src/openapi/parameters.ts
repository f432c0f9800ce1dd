import type { z } from "zod";
import type { SchemaCollector } from "../json-schema.js";
import { LIMITS } from "../limits.js";
import type { Operation } from "../rest/operation.js";
import type { OpenApiParameter } from "./document.js";

/** A name means the same on every call. */
const MEANING: Readonly<Record<string, string>> = {
  id: "The chat.",
  mid: "The message.",
  order_id: "The order, as the platform names it.",
  user_id: "The person, as the platform names them.",
  emoji: "One emoji, percent-encoded.",
  page: "Which page, from 1.",
  limit: `Rows of a page; more than ${LIMITS.pageRows} becomes ${LIMITS.pageRows}.`,
  cursor: "Where the last answer ended; leave it out the first time.",
  before_seq: "Only messages before this place in the chat, the nearest ones.",
  after_seq: "Only messages after this place in the chat, the nearest ones.",
  file_id: "The file.",
  client_id:
    "Names the upload, so that it can be repeated when its answer was lost: the sender's next one of this name for the chat gets the first one's file.",
  token: "Of a signed address, in place of a bearer token.",
  notification_id: "The notification.",
  message_id: "The message.",
  node_id: "The node, by its NODE_NAME.",
  name: "The queue.",
  status: "Only chats of this status.",
  type: "Only those of this type.",
  minutes: "How far back is looked; an hour at most.",
  days: "How far back is looked; 90 days at most.",
  unread: "`true`: only those that were not opened.",
  hours: "How far back deliveries are looked at.",
  chat_id: "The chat; in a search: only this one.",
  q: 'What is looked for. Among chats and people: how an id or a name begins. Among messages: words, all of which must be there; `"several words"` as they stand, `-word` not at all. The last word may be the beginning of one, from 3 letters on. Case and accents do not matter.',
  before: "Only what was sent before this time.",
  after: "Only what was sent at this time or later.",
  task_id: "The task.",
  kind: "Only tasks of this kind.",
  state: "Only tasks in this state.",
  actor: "Only what this person did.",
  action: "Only acts of this kind.",
  subject: "Only what was done to this.",
  from: "In a search: only what this person sent. In the audit log: only from this time on.",
  to: "Only before this time.",
  around_seq: "The messages on both sides of this place.",
};

/** The path and query parameters of one call. */
export function parametersOf(operation: Operation, schemas: SchemaCollector): OpenApiParameter[] {
  const inPath = Object.entries(operation.params?.shape ?? {});
  const inQuery = Object.entries(operation.query?.shape ?? {});
  return [
    ...inPath.map(([name, field]) => parameter({ name, in: "path", field }, schemas)),
    ...inQuery.map(([name, field]) => parameter({ name, in: "query", field }, schemas)),
  ];
}

function parameter(
  { name, in: place, field }: { name: string; in: "path" | "query"; field: z.core.$ZodType },
  schemas: SchemaCollector,
): OpenApiParameter {
  const description = MEANING[name];
  if (description === undefined)
    throw new Error(`the parameter ${name} needs a meaning in openapi/parameters.ts`);
  const type = field as z.ZodType;
  // A default behind a transformation has no place in the input's JSON Schema, so it is asked from the schema itself.
  const absent = type.safeParse(undefined);
  const schema = schemas.input(type);
  const hasDefault = absent.success && absent.data !== undefined;
  return {
    name,
    in: place,
    required: !absent.success,
    description,
    schema: hasDefault ? { ...schema, default: absent.data } : schema,
  };
}
