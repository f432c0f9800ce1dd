import { WebSocket } from "ws";
import { type LoadClient, type LoadHandlers, MARK, readNumber } from "./load-client.js";

const OPEN = 48;
const PING = 50;
const HEAD = Buffer.from('42/chat,["new_message"');
const CONNECTED = Buffer.from('42/chat,["connected"');
const ACK = Buffer.from("43/chat,");
const OK = Buffer.from('"ok":true');

/**
 * A client that speaks as much Engine.IO 4 and Socket.IO 5 as a load needs, over a raw WebSocket, and parses no JSON: the generator
 * must not be what is measured.
 */
export class EngineIoClient implements LoadClient {
  readonly #socket: WebSocket;
  readonly #handlers: LoadHandlers;

  private constructor(socket: WebSocket, handlers: LoadHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  /** Resolves when the server says `connected`. */
  static async connect(
    url: string,
    input: { token: string; handlers: LoadHandlers },
  ): Promise<EngineIoClient> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
    });
    const client = new EngineIoClient(socket, input.handlers);
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => {
        reject(new Error(`${url} ended a connection before it began`));
        input.handlers.onDropped();
      });
      socket.on("message", (data: Buffer) => {
        if (data[0] === OPEN) socket.send(`40/chat,${JSON.stringify({ token: input.token })}`);
        else if (data[0] === PING && data.length === 1) socket.send("3");
        else if (startsWith(data, CONNECTED)) resolve();
        else client.#receive(data);
      });
    });
    return client;
  }

  say(mark: number, chatId: string, text: string): void {
    this.#emit(mark, "send_message", `{"chatId":"${chatId}","message":{"content":"${text}","type":"text"}}`);
  }

  join(id: number, chatId: string): void {
    this.#emit(id, "join_chat", JSON.stringify({ chatId }));
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.terminate();
  }

  /** `body` is JSON. */
  #emit(id: number, name: string, body: string): void {
    this.#socket.send(`42/chat,${id}["${name}",${body}]`);
  }

  #receive(data: Buffer): void {
    if (startsWith(data, HEAD)) {
      const at = data.indexOf(MARK);
      if (at >= 0) this.#handlers.onMessage(readNumber(data, at + 1));
    } else if (startsWith(data, ACK)) {
      this.#handlers.onAck(readNumber(data, ACK.length), data.includes(OK));
    }
  }
}

function startsWith(data: Buffer, head: Buffer): boolean {
  return data.length >= head.length && data.compare(head, 0, head.length, 0, head.length) === 0;
}
