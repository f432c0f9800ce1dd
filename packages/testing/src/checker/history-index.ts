import type { ClientKind } from "./client-kinds.js";
import type { FailedSend, HistoryEntry, Received, RecordedEntry, ShownMessage } from "./history-entry.js";
import { type Membership, membershipsOf } from "./memberships.js";
import type { Operation } from "./operation.js";
import { NO_PLACE, placeMessages } from "./place-messages.js";
import type { TrueChat, Truth } from "./truth.js";

/** All attempts to send one message. */
export interface Sent {
  key: string;
  chat: string;
  user: string;
  attempts: Operation[];
  /** The earliest positive answer. */
  ackedAt: number | undefined;
}

/** One connection of one client, with what it was shown by itself. */
export interface ConnectionLife {
  conn: string;
  user: string;
  openedAt: number;
  closedAt: number | undefined;
  /** It was ended on purpose. */
  revoked: boolean;
  /** When it could not show anything, as pairs of beginning and end; `wanted` when the run made it so. */
  aways: Array<{ from: number; to: number; wanted: boolean }>;
  live: Received[];
}

/** The best that a member knows of a message. */
export interface KnownMessage extends ShownMessage {
  firstAt: number;
}

export interface IndexedChat extends TrueChat {
  byKey: Map<string, ShownMessage>;
  byId: Map<string, ShownMessage>;
  bySeq: Map<number, ShownMessage>;
}

/** A history and the truth, arranged by what the checks ask for. */
export interface HistoryIndex {
  chats: Map<string, IndexedChat>;
  operations: Operation[];
  sends: Map<string, Sent>;
  /** Keyed by `memberKey`. */
  memberships: Map<string, Membership[]>;
  connections: ConnectionLife[];
  /** What each user connects with, as far as it was said. */
  kinds: Map<string, ClientKind>;
  /** What each user came to know of each chat, by number; keyed by `memberKey`. */
  views: Map<string, Map<number, KnownMessage>>;
  received: Received[];
  failed: FailedSend[];
}

/** Why a connection is away that does not read because it was told not to. */
export const STALLED = "stalled";
/** Why a connection is away or closed whose user may not come in any more. */
export const REVOKED = "revoked";

/** Names one user's place in one chat. */
export function memberKey(chat: string, user: string): string {
  return `${chat} ${user}`;
}

/** Arranges a history; entries may come in any order. */
export function indexHistory(entries: readonly RecordedEntry[], truth: Truth): HistoryIndex {
  const sorted = placeMessages(entries, truth).sort((left, right) => left.at - right.at);
  const operations = pairOperations(sorted);
  const received = sorted.filter((entry) => entry.type === "recv");
  return {
    chats: new Map(truth.chats.map((chat) => [chat.id, indexChat(chat)])),
    operations,
    sends: collectSends(operations),
    memberships: membershipsOf(operations),
    connections: collectConnections(sorted),
    kinds: collectKinds(sorted),
    views: collectViews(received),
    received,
    failed: sorted.filter((entry) => entry.type === "failed"),
  };
}

function indexChat(chat: TrueChat): IndexedChat {
  const byKey = new Map<string, ShownMessage>();
  for (const message of chat.messages) {
    // Of two under one client id the first is the message; the other is reported as its double.
    if (message.key !== undefined && !byKey.has(message.key)) byKey.set(message.key, message);
  }
  return {
    ...chat,
    byKey,
    byId: new Map(chat.messages.map((message) => [message.id, message])),
    bySeq: new Map(chat.messages.map((message) => [message.seq, message])),
  };
}

function pairOperations(sorted: readonly HistoryEntry[]): Operation[] {
  const operations = new Map<string, Operation>();
  for (const entry of sorted) {
    if (entry.type === "invoke") operations.set(entry.op, { invoke: entry, outcome: undefined });
    if (entry.type === "ok" || entry.type === "fail" || entry.type === "info") {
      const operation = operations.get(entry.op);
      if (operation !== undefined) operation.outcome = entry;
    }
  }
  return [...operations.values()];
}

function collectSends(operations: readonly Operation[]): Map<string, Sent> {
  const sends = new Map<string, Sent>();
  for (const operation of operations) {
    const { f, key, chat, user } = operation.invoke;
    if (f !== "send" || key === undefined) continue;
    const sent = sends.get(key) ?? { key, chat, user, attempts: [], ackedAt: undefined };
    sends.set(key, sent);
    sent.attempts.push(operation);
    const { outcome } = operation;
    if (outcome?.type === "ok") sent.ackedAt = Math.min(sent.ackedAt ?? outcome.at, outcome.at);
  }
  return sends;
}

function collectConnections(sorted: readonly HistoryEntry[]): ConnectionLife[] {
  const lives = new Map<string, ConnectionLife>();
  for (const entry of sorted) {
    if (entry.type === "open") {
      const { conn, user, at } = entry;
      const life = { conn, user, openedAt: at, closedAt: undefined, revoked: false, aways: [], live: [] };
      lives.set(conn, life);
    } else if (entry.type === "close") {
      const life = lives.get(entry.conn);
      if (life === undefined) continue;
      life.closedAt ??= entry.at;
      life.revoked ||= entry.why === REVOKED;
    } else if (entry.type === "away") {
      lives.get(entry.conn)?.aways.push({
        from: entry.at,
        to: Number.POSITIVE_INFINITY,
        wanted: entry.why === STALLED || entry.why === REVOKED,
      });
    } else if (entry.type === "back") {
      const away = lives.get(entry.conn)?.aways.at(-1);
      if (away !== undefined) away.to = Math.min(away.to, entry.at);
    } else if (entry.type === "recv" && entry.via === "live") {
      // What is stored nowhere has no place in any order. It is another breach.
      if (entry.message?.seq !== NO_PLACE) lives.get(entry.conn)?.live.push(entry);
    }
  }
  return [...lives.values()];
}

function collectKinds(sorted: readonly HistoryEntry[]): Map<string, ClientKind> {
  return new Map(
    sorted.flatMap((entry) =>
      entry.type === "open" && entry.kind !== undefined ? [[entry.user, entry.kind]] : [],
    ),
  );
}

function collectViews(received: readonly Received[]): HistoryIndex["views"] {
  const views: HistoryIndex["views"] = new Map();
  for (const { user, chat, message, at } of received) {
    if (message === undefined) continue;
    const key = memberKey(chat, user);
    const view = views.get(key) ?? new Map<number, KnownMessage>();
    views.set(key, view);
    const known = view.get(message.seq);
    if (known === undefined) view.set(message.seq, { ...message, firstAt: at });
    else if (message.rev >= known.rev) view.set(message.seq, { ...message, firstAt: known.firstAt });
  }
  return views;
}
