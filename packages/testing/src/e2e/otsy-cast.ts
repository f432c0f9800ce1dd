import { io, type Socket } from "socket.io-client";
import { type RestAnswer, restClient } from "../rest-client.js";
import type { TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";

/** Every event that the document's client listens to. */
const OTSY_EVENTS = [
  "connected",
  "chat_history",
  "user_joined",
  "new_message",
  "typing_indicator",
  "messages_read",
  "order_update",
  "receipt_shared",
] as const;

export type OtsyEvent = (typeof OTSY_EVENTS)[number];

export type OtsyPayload = Record<string, unknown>;

/** A page of the document's web app: a plain Socket.IO client that asks for no acknowledgements. */
export interface OtsyPage {
  socket: Socket;
  /** What its listeners were told of an event, oldest first; `error` is told of by Parley only. */
  told(event: OtsyEvent | "error"): OtsyPayload[];
  /** Waits until a listener was told something that fits. */
  hears(event: OtsyEvent | "error", fits?: (payload: OtsyPayload) => boolean): Promise<OtsyPayload>;
  emit(event: string, payload: unknown): void;
}

/** Somebody on one of the two nodes. */
export interface OtsyPerson {
  id: string;
  role: string;
  token: string;
  ask<Body = OtsyPayload>(method: string, path: string, body?: unknown): Promise<RestAnswer<Body>>;
  /** Opens a page, and waits until it is told that it is `connected`. */
  open(): Promise<OtsyPage>;
}

export interface OtsyCast {
  /** Somebody whom no other test knows, on the first or the second node. */
  someone(node: 0 | 1, role?: string, name?: string): OtsyPerson;
  /** The same person on the other node. */
  onNode(node: 0 | 1, person: OtsyPerson): OtsyPerson;
  /** An id that nothing else has. */
  unique(what: string): string;
  /** Closes all pages. */
  leave(): void;
}

/** People of the native contract's document for the tests of one file, on both nodes of a cluster. */
export function otsyCast(cluster: () => TestCluster): OtsyCast {
  let count = 0;
  const sockets: Socket[] = [];
  const unique = (what: string) => `${what}-${++count}`;
  const person = (node: 0 | 1, who: { userId: string; role: string; name?: string }): OtsyPerson => {
    const url = cluster().urls[node];
    const token = testToken(who);
    const open = async () => {
      const page = openPage(url, token);
      sockets.push(page.socket);
      await page.hears("connected");
      return page;
    };
    return { id: who.userId, role: who.role, token, ask: restClient(url, who).request, open };
  };
  return {
    unique,
    someone: (node, role = "user", name) =>
      person(node, { userId: unique(role), role, ...(name === undefined ? {} : { name }) }),
    onNode: (node, { id, role }) => person(node, { userId: id, role }),
    leave: () => {
      for (const socket of sockets.splice(0)) socket.disconnect();
    },
  };
}

/** Connects as the document does. Pages of one process would share a transport, which pages of a browser don't. */
export function openPage(url: string, token: string): OtsyPage {
  const socket = io(`${url}/chat`, { auth: { token }, transports: ["websocket"], forceNew: true });
  const heard = new Map<string, OtsyPayload[]>();
  for (const event of [...OTSY_EVENTS, "error"]) {
    const payloads: OtsyPayload[] = [];
    heard.set(event, payloads);
    socket.on(event, (payload: OtsyPayload) => void payloads.push(payload));
  }
  const told = (event: string) => heard.get(event) ?? [];
  return {
    socket,
    told,
    hears: (event, fits = () => true) => until(() => told(event).find(fits), `the page is told ${event}`),
    emit: (event, payload) => void socket.emit(event, payload),
  };
}

export interface OtsyChat {
  id: string;
  orderId: string;
}

/** The chat of a new order, opened by its user. */
export async function newOrderChat(
  cast: Pick<OtsyCast, "unique">,
  user: OtsyPerson,
  shopper: OtsyPerson,
): Promise<OtsyChat> {
  const orderId = cast.unique("order");
  const body = { order_id: orderId, user_id: user.id, shopper_id: shopper.id };
  const { body: chat } = await user.ask<{ id: string }>("POST", "/v1/chat", body);
  return { id: chat.id, orderId };
}

/** Sends a text over REST, and gives its id. */
export async function sayText(person: OtsyPerson, chatId: string, content: string): Promise<string> {
  const body = { content, type: "text" };
  const sent = await person.ask<{ id: string }>("POST", `/v1/chat/${chatId}/messages`, body);
  if (sent.status !== 201)
    throw new Error(`the message was refused: ${sent.status} ${JSON.stringify(sent.body)}`);
  return sent.body.id;
}
