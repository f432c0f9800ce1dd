import { WebSocket } from "ws";
import { type LoadClient, type LoadHandlers, MARK, readNumber } from "./load-client.js";

const CONNECTED = '"type":"connected"';
const NEW_MESSAGE = '"type":"new_message"';
const ERROR = '"type":"error"';
/** Only the sender's own copy of a message has it: that is the acknowledgement. */
const OWN = '"client_id":"';

/** A client of the Matcha contract for a load: like the native one, it parses no JSON. */
export class MatchaClient implements LoadClient {
  readonly #socket: WebSocket;
  readonly #handlers: LoadHandlers;

  private constructor(socket: WebSocket, handlers: LoadHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  /** Resolves when the server says `connected`. */
  static async connect(url: string, input: { token: string; handlers: LoadHandlers }): Promise<MatchaClient> {
    const address = `${url.replace(/^http/, "ws")}/api/v1/chat/ws?token=${input.token}`;
    const socket = new WebSocket(address, { perMessageDeflate: false });
    const client = new MatchaClient(socket, input.handlers);
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => {
        reject(new Error(`${url} ended a connection before it began`));
        input.handlers.onDropped();
      });
      socket.on("message", (data: Buffer) => {
        if (data.includes(CONNECTED)) resolve();
        else client.#receive(data);
      });
    });
    return client;
  }

  say(mark: number, chatId: string, text: string): void {
    this.#socket.send(
      `{"type":"send_message","conversation_id":${chatId},"content":"${text}","client_id":"${mark}"}`,
    );
  }

  join(): void {
    throw new Error("the server knows who is in which conversation");
  }

  close(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.terminate();
  }

  #receive(data: Buffer): void {
    const own = data.indexOf(OWN);
    if (data.includes(NEW_MESSAGE)) {
      this.#handlers.onMessage(readNumber(data, data.indexOf(MARK) + 1));
      if (own >= 0) this.#handlers.onAck(readNumber(data, own + OWN.length), true);
    } else if (own >= 0 && data.includes(ERROR)) {
      this.#handlers.onAck(readNumber(data, own + OWN.length), false);
    }
  }
}
