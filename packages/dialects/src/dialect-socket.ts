import type {
  ChangeCatalogue,
  ChangeName,
  Message,
  ParleyError,
  SignalCatalogue,
  SignalName,
} from "@parley/contracts";
import type { Engine } from "@parley/engine";
import type { Caller } from "./caller.js";

/** A frame as it came: one JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Frames to be sent as JSON, in their order. */
export type Said = readonly object[];

/** What one event is in a dialect: the same for everyone, or different by receiver; nothing when it has no word for it. */
export type Telling = Said | { toEach: (userId: string) => Said };

/** An event on its way out. */
export interface News<Body, ChatId = string> {
  engine: Engine;
  chatId: ChatId;
  body: Body;
}

type Encoder<Body, ChatId = string> = (news: News<Body, ChatId>) => Telling | Promise<Telling>;

/** The events that a dialect has words for. An encoder that rejects is asked again; a connection that waits for it stays in order. */
export interface DialectOutbound {
  changes: { readonly [Name in ChangeName]?: Encoder<ChangeCatalogue[Name]> };
  signals: { readonly [Name in SignalName]?: Encoder<SignalCatalogue[Name], string | null> };
}

/** A client on a live connection. */
export interface SocketClient extends Caller {
  /** The chat that the connection is for, where it is for one. */
  readonly chatId: string | undefined;
  /** Names the connection where others are told and it has its answer. */
  readonly connectionId: string;
  /** Whether the event of a message is still on its way to the client, in its turn. Who is out of the chat by now hears of no more there. */
  isToCome(message: Message): Promise<boolean>;
  /** Tells the others in a chat; a start that is not repeated ends by itself. Throws chat_not_found. */
  typing(input: { chatId: string; isTyping: boolean }): Promise<void>;
  /** The client has the chat open from now on, until it opens another one or leaves. Throws chat_not_found. */
  open(chatId: string): Promise<void>;
}

/**
 * What a frame asks for. The frames of one connection are worked on one after the other, so what it sends is stored in its order.
 * What is returned is sent to this connection only.
 */
export type FrameHandler = (client: SocketClient, fields: Fields) => Promise<Said>;

/** The raw WebSocket of a dialect. */
export interface DialectSocket {
  /** Where it connects, with `:name` for parameters. A trailing slash makes no difference. */
  path: string;
  /** Without a frame or a pong for so long, a connection is over. Milliseconds. */
  idleMs: number;
  /**
   * Judged before the upgrade, for connections to one chat: which one. Such a connection has the chat open for as long as it lives.
   * Throws ParleyError, answered over HTTP.
   */
  admit?(caller: Caller, params: Readonly<Record<string, string>>): Promise<{ chatId: string }>;
  /** What the client is told first. */
  greet?(client: SocketClient): Said;
  /** Which handler a frame is for; its `type` when left out. */
  typeOf?(fields: Fields): unknown;
  /** Its clients can't say what they have received: what is handed to their sockets counts as delivered. */
  countsAsDelivered?: true;
  frames: Readonly<Record<string, FrameHandler>>;
  /** How a refused frame is answered; `fields` are absent when the frame could not be read. */
  error(refusal: ParleyError, fields: Fields | undefined): object;
  outbound: DialectOutbound;
}
