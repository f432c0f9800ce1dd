import {
  externalId,
  type FieldError,
  type Identity,
  ParleyError,
  SYSTEM_USER_ID,
  textField,
} from "@parley/contracts";
import type { z } from "zod";
import { isPictureAddress } from "../users/read-person.js";
import type { GatewayRequest } from "./gateway-request.js";

type Field = "user_id" | "nickname" | "email" | "profile_url";

/** Where each field stands: its name in the query, and its header. */
const HEADERS: Record<Field, string> = {
  user_id: "x-user-id",
  nickname: "x-nickname",
  email: "x-email",
  profile_url: "x-profile-url",
};
const FIELDS = Object.keys(HEADERS) as Field[];
const REQUIRED: readonly Field[] = ["user_id", "nickname", "email"];

const oneLine = (limit: number) =>
  textField(limit).refine((text) => !/\p{Cc}/u.test(text), "must not contain control characters");

const RULES: Record<Field, z.ZodType<string>> = {
  user_id: externalId.refine(
    (id) => id !== SYSTEM_USER_ID,
    `must not be \`${SYSTEM_USER_ID}\`: messages of the chat itself stand under it`,
  ),
  nickname: oneLine(200),
  email: oneLine(320),
  // One that browsers can't show is left out below.
  profile_url: oneLine(2048),
};

type Values = Partial<Record<Field, string>>;
/** What was sent under a name, still encoded. */
type Sent = Record<Field, readonly string[]>;

/**
 * Takes who is asking from a gateway's headers, or on a handshake without them from the query. Says nothing about whether the gateway
 * is to be believed. Throws invalid_input with all faults.
 */
export function readGatewayIdentity(request: GatewayRequest): Identity {
  const errors: FieldError[] = [];
  const values = readValues(request, errors);
  for (const field of REQUIRED) {
    if (values[field] === undefined && !errors.some(({ path }) => path === field)) {
      errors.push({ path: field, message: `is missing: the gateway must send ${HEADERS[field]}` });
    }
  }
  const { user_id: userId = "", nickname = "", email = "", profile_url: picture } = values;
  if (errors.length > 0) throw refusal(errors);
  const identity: Identity = { userId, role: "user", isRoleAssumed: true, name: nickname, email };
  if (picture !== undefined && isPictureAddress(picture)) identity.picture = picture;
  return identity;
}

/** The user id alone, for what is signed. Throws invalid_input. */
export function readGatewayUserId(request: GatewayRequest): string {
  const errors: FieldError[] = [];
  const values = readValues(request, errors);
  const own = errors.filter(({ path }) => path === "user_id");
  if (own.length > 0) throw refusal(own);
  return values.user_id ?? "";
}

/**
 * The headers are the source as soon as there is one of them. The query may then repeat them, and nothing else: a gateway that sets headers
 * hands on the query of its client, who must not be able to fill in what the gateway left out.
 */
function readValues(request: GatewayRequest, errors: FieldError[]): Values {
  const inHeaders = headersOf(request);
  const inQuery = request.isHandshake ? queryOf(request.query) : undefined;
  const hasHeaders = FIELDS.some((field) => inHeaders[field].some((value) => value !== ""));
  if (!hasHeaders) return decodeAll(inQuery ?? inHeaders, errors);
  const values = decodeAll(inHeaders, errors);
  if (inQuery === undefined) return values;
  const repeated = decodeAll(inQuery, errors);
  for (const field of FIELDS) {
    if (repeated[field] === undefined || repeated[field] === values[field]) continue;
    errors.push({ path: field, message: `differs between the query and ${HEADERS[field]}` });
  }
  return values;
}

function headersOf(request: GatewayRequest): Sent {
  return mapFields((field) => request.header(HEADERS[field]));
}

function queryOf(query: string): Sent {
  const pairs = query.split("&").map((pair) => {
    const [name = "", ...value] = pair.replaceAll("+", "%20").split("=");
    return { name: decode(name), value: value.join("=") };
  });
  return mapFields((field) => pairs.filter(({ name }) => name === field).map(({ value }) => value));
}

function decodeAll(sent: Sent, errors: FieldError[]): Values {
  const values: Values = {};
  for (const field of FIELDS) {
    const [raw = "", ...others] = sent[field];
    const value = decode(raw);
    const fault = others.length > 0 ? "must be sent once" : faultOf(field, value);
    if (fault !== undefined) errors.push({ path: field, message: fault });
    else if (value) values[field] = value;
  }
  return values;
}

function faultOf(field: Field, value: string | undefined): string | undefined {
  if (value === undefined) return "must be percent-encoded UTF-8";
  if (value === "") return undefined;
  return RULES[field].safeParse(value).error?.issues[0]?.message;
}

/** Undefined when it is no percent-encoded UTF-8: raw bytes beyond ASCII have no agreed meaning. */
function decode(raw: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(raw)) return undefined;
  try {
    return decodeURIComponent(raw).trim();
  } catch {
    return undefined;
  }
}

function mapFields<Value>(map: (field: Field) => Value): Record<Field, Value> {
  return Object.fromEntries(FIELDS.map((field) => [field, map(field)])) as Record<Field, Value>;
}

function refusal(errors: FieldError[]): ParleyError {
  const fields = [...new Set(errors.map(({ path }) => path))].join(", ");
  return new ParleyError("invalid_input", {
    message: `The gateway's identity is not complete: ${fields}.`,
    errors,
  });
}
