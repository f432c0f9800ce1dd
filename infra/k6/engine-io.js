/**
 * The frames of Engine.IO 4 and, within them, the packets of Socket.IO 5, as far as texts go. Runs in k6 and in Node alike.
 */

const ENGINE_TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const PACKET_TYPES = ["connect", "disconnect", "event", "ack", "connect_error"];

/** What a client answers a ping with. */
export const PONG = "3";

/**
 * Reads one text frame: `{type}`, with `data` for open, connect, connect_error, event (`[name, payload]`) and ack, and with
 * `namespace` and `id` where a packet has them. Throws an Error for what is no such frame, binary packets among it.
 */
export function decodeFrame(text) {
  const type = ENGINE_TYPES[Number(text[0])];
  if (type === undefined) throw new Error(`no Engine.IO frame: ${text.slice(0, 80)}`);
  if (type === "message") return decodePacket(text.slice(1));
  return text.length > 1 && type === "open" ? { type, data: JSON.parse(text.slice(1)) } : { type };
}

/** `<type>[/namespace,][id][JSON]`. */
function decodePacket(text) {
  const [, digit = "", namespace = "/", id, json] =
    /^(\d)(?:(\/[^,]*)(?:,|$))?(\d+)?(?=[[{"]|$)(.*)$/s.exec(text) ?? [];
  const type = digit === "" ? undefined : PACKET_TYPES[Number(digit)];
  if (type === undefined) throw new Error(`no Socket.IO packet of text: ${text.slice(0, 80)}`);
  return {
    type,
    namespace,
    ...(id === undefined ? {} : { id: Number(id) }),
    ...(json ? { data: JSON.parse(json) } : {}),
  };
}

/** Enters a namespace; `auth` is what the server reads as the handshake's auth. */
export function encodeConnect(namespace, auth) {
  return `40${prefixOf(namespace)}${JSON.stringify(auth)}`;
}

/**
 * An event, with an id when it wants an acknowledgement.
 * @param {string} namespace
 * @param {{name: string, payload: unknown, id?: number}} event
 */
export function encodeEvent(namespace, { name, payload, id }) {
  return `42${prefixOf(namespace)}${id ?? ""}${JSON.stringify([name, payload])}`;
}

function prefixOf(namespace) {
  return namespace === "/" ? "" : `${namespace},`;
}
