import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { until } from "../until.js";

export interface Handshake {
  path: string;
  headers: Readonly<Record<string, string>>;
}

/** A connection on which every byte is the test's own. */
export interface RawTransport {
  socket: Socket;
  /** Everything that came, so far. */
  received(): Buffer;
  /** Resolves to the answer to the handshake once it is whole; it may be one without an upgrade. */
  answer(): Promise<{ status: number; text: string }>;
  /** Whether the server has said that it will send no more. */
  isEnded(): boolean;
}

/** What a browser would send to open a WebSocket; a header that is `undefined` is left out. */
export function handshakeText(
  { path, headers }: Handshake,
  changes: { method?: string; headers?: Record<string, string | undefined> } = {},
): string {
  const all: Record<string, string | undefined> = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
    ...changes.headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return [`${changes.method ?? "GET"} ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

/** Connects to a node; what it sends is kept, and its end is not answered. */
export async function openTransport(url: string): Promise<RawTransport> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const parts: Buffer[] = [];
  let isEnded = false;
  socket.on("data", (part: Buffer) => void parts.push(part));
  socket.on("end", () => {
    isEnded = true;
  });
  await once(socket, "connect");
  // From here on the server may break off, and is expected to.
  socket.on("error", () => undefined);
  const received = () => Buffer.concat(parts);
  return {
    socket,
    received,
    answer: () => until(() => answerIn(received().toString("latin1")), "the handshake is answered"),
    isEnded: () => isEnded || socket.destroyed,
  };
}

function answerIn(text: string): { status: number; text: string } | undefined {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const body = rest.join("\r\n\r\n");
  if (rest.length === 0 || Number.isNaN(status) || body.length < length) return undefined;
  return { status, text: Buffer.from(body.slice(0, length), "latin1").toString("utf8") };
}

interface FrameHead {
  /** 1 text, 2 binary, 0 a continuation, 8 close, 9 ping. */
  opcode: number;
  fin?: boolean;
  /** Bits that no extension has given a meaning. */
  reserved?: number;
  masked?: boolean;
  /** Said in place of the payload's own. */
  length?: number;
}

/** The bytes of one WebSocket frame, as wrong as is wanted. */
export function frameBytes(head: FrameHead, payload: Buffer = Buffer.alloc(0)): Buffer {
  const { opcode, fin = true, reserved = 0, masked = true, length = payload.length } = head;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  const size = length < 126 ? Buffer.from([mask | length]) : Buffer.alloc(length < 65_536 ? 3 : 9);
  if (length >= 65_536) {
    size[0] = mask | 127;
    size.writeBigUInt64BE(BigInt(length), 1);
  } else if (length >= 126) {
    size[0] = mask | 126;
    size.writeUInt16BE(length, 1);
  }
  // A key of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from([first]), size, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

/** The code of the close frame at the end of what came; undefined where there is none. */
export function closeCodeIn(received: Buffer): number | undefined {
  const start = received.indexOf("\r\n\r\n");
  for (let at = start + 4; at + 1 < received.length; ) {
    const [first = 0, second = 0] = received.subarray(at, at + 2);
    const isLong = (second & 0x7f) === 126;
    const length = isLong ? received.readUInt16BE(at + 2) : second & 0x7f;
    const from = at + (isLong ? 4 : 2);
    if ((first & 0x0f) === 8) return length >= 2 ? received.readUInt16BE(from) : 1005;
    at = from + length;
  }
  return undefined;
}
