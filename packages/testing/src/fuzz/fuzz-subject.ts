import type { RawClient } from "../raw-client.js";

/** The fields of a frame or a body, as a contract that follows the rules of JSON reads them. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a frame does once it is taken. */
export type Effect = "message" | "other";

/** One kind of frame that a contract takes. */
export interface FrameSubject {
  name: string;
  /** One that is taken; `turn` keeps its client id apart from all others. */
  good(turn: number): Fields;
}

/** One REST call of a contract. */
export interface CallSubject {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `:name` for parameters. */
  path: string;
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string>>;
  body?(turn: number): Fields;
  /** Whether the contract takes a body like this; needed of calls with one. */
  accepts?(body: Fields): boolean;
  /** The call names what only its people may see or do; who is none of them is refused. */
  isPrivate: boolean;
}

/** A contract with a chat in it, and people around it. */
export interface FuzzStage {
  /** Somebody of the chat. `node` is a node's address. */
  connect(node: string): Promise<RawClient>;
  /** Somebody who has no part in it. */
  connectOutsider(node: string): Promise<RawClient>;
  /** What the fence of frames needs: a token of the one of the chat. */
  token: string;
  outsiderToken: string;
  /** A token of somebody else. */
  foreignToken: string;
  frames: readonly FrameSubject[];
  /** Whether the contract takes such a frame from the one of the chat. */
  accepts(frame: Fields): boolean;
  /** What a taken frame does. */
  effectOf(frame: Fields): Effect;
  /** The client id of a frame; the same again is no new message. */
  clientIdOf(frame: Fields): unknown;
  /** Frames that would be good from somebody of the chat. */
  outsiderFrames: readonly Fields[];
  /** Ids of what is not there, and of what is others'. */
  foreignIds: readonly unknown[];
  /** Says what is wrong with an answer to a refused frame; undefined when it is as the contract has it. */
  frameFault(frame: Fields): string | undefined;
  calls: readonly CallSubject[];
  headers: Readonly<Record<string, string>>;
  outsiderHeaders: Readonly<Record<string, string>>;
  /** Headers that prove nothing. */
  wrongHeaders: ReadonlyArray<Readonly<Record<string, string>>>;
  /** The same for the answer to a refused request. */
  bodyFault(body: unknown, status: number): string | undefined;
  /** Path and query of a handshake that is let in, and its headers. */
  handshake: { path: string; headers: Readonly<Record<string, string>> };
  /** Of connections to one chat: the path to another one. */
  pathTo?(chat: string): string;
}

/** A contract as the fuzz tests know it. */
export interface FuzzSubject {
  name: string;
  /** Makes the people and the chat, over the cluster's nodes. */
  prepare(urls: readonly [string, string]): Promise<FuzzStage>;
}
