import type { CallSubject, Fields, FuzzStage } from "./fuzz-subject.js";
import { hostileStrings, hostileValues } from "./hostile-values.js";
import { mutateFields, surroundFields } from "./mutate-fields.js";
import type { RawRequest } from "./raw-request.js";
import { readObject } from "./read-as.js";

/** A request that somebody might send instead of a good one. */
export interface BadRequest extends RawRequest {
  what: string;
  /** Whether it must be refused; of others it is only known that they may not break anything. */
  isRefused: boolean;
}

interface Place {
  stage: FuzzStage;
  call: CallSubject;
  nextTurn: () => number;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "PURGE"];
const BODY_BYTES = 262_144;
const JSON_TYPE = { "Content-Type": "application/json" };
/** Parts of an address that are no UTF-8 or no percent-encoding, and some that are both. */
export const ENCODINGS = [
  "%",
  "%z",
  "%zz",
  "%ff",
  "%c0%af",
  "%ed%a0%80",
  "%00",
  "%2f..%2f",
  "%2e%2e",
  "%25",
  "%F0%9F%98%80",
];

/** Every bad request about one call. */
export function badRequests(place: Place): BadRequest[] {
  return [
    ...wrongCallers(place),
    ...wrongParams(place),
    ...wrongQueries(place),
    ...(place.call.body === undefined ? [] : [...wrongBodies(place), ...unreadableBodies(place)]),
  ].map((request) => ({ ...request, what: `${place.call.method} ${place.call.path} ${request.what}` }));
}

/** Methods that no call has at these addresses, and addresses that no call has. */
export function wrongRoutes(stage: FuzzStage): BadRequest[] {
  const { calls, headers } = stage;
  const known = new Set(calls.map(({ method, path }) => `${method} ${path.replace(/\/$/, "")}`));
  const paths = [...new Map(calls.map((call) => [call.path.replace(/\/$/, ""), call])).values()];
  const methods = paths.flatMap((call) =>
    METHODS.filter((method) => !known.has(`${method} ${call.path.replace(/\/$/, "")}`)).map((method) => ({
      what: `${method} at ${call.path}`,
      method,
      target: targetOf(call),
      headers,
      isRefused: true,
    })),
  );
  const strange = paths.flatMap((call) =>
    ["/nothing", "/%2e%2e/%2e%2e", "//", "/;a=b", "/%00"].map((more) => ({
      what: `an address behind ${call.path}`,
      method: "GET",
      target: `${call.path.replaceAll(/:\w+/g, "1").replace(/\/$/, "")}${more}`,
      headers,
      isRefused: more === "/nothing" ? !call.path.endsWith("s") : false,
    })),
  );
  return [...methods, ...strange];
}

/** The request that is answered. */
export function goodRequest({ stage, call, nextTurn }: Place): BadRequest {
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body(nextTurn())) };
  return {
    what: "good",
    method: call.method,
    target: targetOf(call),
    headers: { ...stage.headers, ...(call.body === undefined ? {} : JSON_TYPE) },
    isRefused: false,
    ...body,
  };
}

function targetOf({ path, params = {}, query = {} }: CallSubject): string {
  const filled = path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(params[name] ?? ""));
  const asked = new URLSearchParams(query).toString();
  return asked === "" ? filled : `${filled}?${asked}`;
}

function wrongCallers(place: Place): BadRequest[] {
  const { stage, call } = place;
  const strangers = stage.wrongHeaders.map((headers) => ({
    ...goodRequest(place),
    headers: { ...headers, ...JSON_TYPE },
    what: `with ${JSON.stringify(headers).slice(0, 100)}`,
    isRefused: true,
  }));
  const outsider = { ...goodRequest(place), headers: { ...stage.outsiderHeaders, ...JSON_TYPE } };
  return call.isPrivate
    ? [...strangers, { ...outsider, what: "of an outsider", isRefused: true }]
    : strangers;
}

function wrongParams(place: Place): BadRequest[] {
  const { stage, call } = place;
  const values = [...hostileStrings(stage.foreignIds).map(encoded), ...ENCODINGS];
  return Object.keys(call.params ?? {}).flatMap((name) =>
    values
      .filter((value) => value !== "" && value !== "." && value !== "..")
      .map((value) => {
        const path = call.path.replace(`:${name}`, value.replaceAll("$", "%24"));
        const what = `with ${name} = ${value.slice(0, 60)}`;
        return { ...goodRequest(place), target: targetOf({ ...call, path }), what, isRefused: false };
      }),
  );
}

function wrongQueries(place: Place): BadRequest[] {
  const { stage, call } = place;
  const { path, params = {}, query = {} } = call;
  const values = [...hostileStrings(stage.foreignIds).map(encoded), ...ENCODINGS];
  return Object.keys(query).flatMap((name) => {
    const { [name]: good = "", ...rest } = query;
    const others = new URLSearchParams(rest).toString();
    const without = targetOf({ ...call, path, params, query: {} });
    const written = [
      ...values.map((value) => `${name}=${value}`),
      "",
      name,
      `${name}=${good}&${name}=${good}`,
      `${name}=${good}&${name}=%00`,
      `${name}[]=${good}`,
      `${name}[a]=${good}`,
      `${name}.a=${good}`,
      `__proto__[${name}]=${good}`,
      Array.from({ length: 700 }, () => `${name}=1`).join("&"),
    ];
    return written.map((part) => ({
      ...goodRequest(place),
      target: `${without}?${others}&${part}`,
      what: `with ?${part.slice(0, 60)}`,
      isRefused: false,
    }));
  });
}

/** As an address holds it; what has no UTF-8 form goes as bytes that are none. */
function encoded(value: string): string {
  return /\p{Surrogate}/u.test(value) ? "%ed%a0%80" : encodeURIComponent(value);
}

function wrongBodies(place: Place): BadRequest[] {
  const { stage, call, nextTurn } = place;
  const good = (): Fields => call.body?.(nextTurn()) ?? {};
  const mutants = [...mutateFields(good, hostileValues(stage.foreignIds)), ...surroundFields(good)];
  return mutants.map(({ what, text }) => {
    // Over HTTP a byte order mark is passed over, as RFC 8259 allows.
    const fields = readObject(text.replace(/^\ufeff/, ""));
    const isTaken = fields !== undefined && (call.accepts?.(fields) ?? true);
    return { ...goodRequest(place), body: text, what, isRefused: !isTaken };
  });
}

function unreadableBodies(place: Place): BadRequest[] {
  const good = () => goodRequest(place);
  const typed = (type: string | undefined): BadRequest => ({
    ...good(),
    headers: { ...place.stage.headers, ...(type === undefined ? {} : { "Content-Type": type }) },
    what: `as ${type}`,
    isRefused: true,
  });
  const text = (body: string | Buffer, what: string): BadRequest => ({
    ...good(),
    body,
    what,
    isRefused: true,
  });
  const { body = "{}" } = good();
  const headers = { ...place.stage.headers, ...JSON_TYPE };
  const types = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonx",
    "x",
  ];
  return [
    ...[undefined, ...types, "application/json; charset=latin1", "application/json; charset=nonsense"].map(
      typed,
    ),
    ...["gzip", "br", "nonsense"].map((encoding) => ({
      ...good(),
      headers: { ...headers, "Content-Encoding": encoding },
      what: `said to be ${encoding}`,
      isRefused: true,
    })),
    ...["[]", "null", "5", '"x"', "{", "{}}", "nul", "\0"].map((one) => text(one, `with ${one}`)),
    text(Buffer.from([0xff, 0xfe, 0, 0xd8]), "with bytes"),
    text("[".repeat(100_000), "with arrays without an end"),
    text(`${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)}`, "with 40,000 levels"),
    text(`${String(body).slice(0, -1)},"padding":"${"x".repeat(BODY_BYTES)}"}`, "too large"),
  ];
}
