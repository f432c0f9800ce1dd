import type { MessageShape } from "@parley/contracts";
import { io, type Socket } from "socket.io-client";
import { testToken } from "./test-token.js";
import { until } from "./until.js";

/** What an acknowledgement carries. */
export interface Ack {
  ok: boolean;
  error?: { code: string; message: string; retry_after_ms?: number };
  message?: MessageShape;
  [key: string]: unknown;
}

/** One native client that keeps everything it hears. */
export interface NativeClient {
  userId: string;
  socket: Socket;
  /** Everything heard, oldest first. */
  heard: Array<{ name: string; payload: unknown }>;
  /** The payloads of one event. */
  all<Payload = Record<string, unknown>>(name: string): Payload[];
  /** The new messages of a chat, in the order of arrival. */
  messages(chatId: string): MessageShape[];
  /** Sends an event and waits for its acknowledgement. */
  ask(name: string, payload?: unknown): Promise<Ack>;
  /** Waits until an event that fits has been heard, and returns its payload. */
  hear<Payload = Record<string, unknown>>(
    name: string,
    fits?: (payload: Payload) => boolean,
  ): Promise<Payload>;
  close(): void;
}

export interface NativeClientOptions {
  userId: string;
  role?: string;
  token?: string;
  /** Come back after a lost connection; off unless asked for. */
  reconnect?: boolean;
}

/** As long as tests wait for anything else: a busy machine may give a node no time for many seconds. */
const PATIENCE_MS = 60_000;

/** Connects to the native namespace and resolves when the node says `connected`. */
export async function connectNative(url: string, options: NativeClientOptions): Promise<NativeClient> {
  const client = nativeClient(url, options);
  const refused = new Promise<never>((_resolve, reject) => {
    client.socket.once("connect_error", (error) => {
      if (!options.reconnect) reject(error);
    });
  });
  await Promise.race([client.hear("connected"), refused]);
  return client;
}

/** Makes a client without waiting for the connection. */
export function nativeClient(url: string, options: NativeClientOptions): NativeClient {
  const token = options.token ?? testToken(options);
  const socket = io(`${url}/chat`, {
    auth: { token },
    transports: ["websocket"],
    reconnection: options.reconnect ?? false,
    reconnectionDelay: 50,
    reconnectionDelayMax: 500,
    forceNew: true,
    // Who may try again does so sooner, because the node may be one that hangs.
    ...(options.reconnect ? {} : { timeout: PATIENCE_MS }),
  });
  const heard: NativeClient["heard"] = [];
  socket.onAny((name: string, payload: unknown) => heard.push({ name, payload }));
  const all = <Payload>(name: string) =>
    heard.filter((event) => event.name === name).map((event) => event.payload as Payload);
  return {
    userId: options.userId,
    socket,
    heard,
    all,
    messages: (chatId) => all<MessageShape>("new_message").filter((message) => message.chat_id === chatId),
    ask: (name, payload) => socket.timeout(PATIENCE_MS).emitWithAck(name, payload) as Promise<Ack>,
    hear: <Payload>(name: string, fits: (payload: Payload) => boolean = () => true) =>
      until(() => all<Payload>(name).find(fits), `${options.userId} hears ${name}`),
    close: () => socket.disconnect(),
  };
}
