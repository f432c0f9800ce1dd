import type { Batch } from "@parley/contracts";
import type { RefusedLogins } from "./audit/refused-logins.js";
import type { ChatFactsCache } from "./chats/chat-facts.js";
import type { ChatTurns } from "./database/chat-turns.js";
import type { Database } from "./database/database.js";
import type { EngineLog } from "./engine-log.js";
import type { Enqueue } from "./enqueue.js";
import type { FileStore } from "./files/file-store.js";
import type { MessageNumbers } from "./messages/message-numbers.js";
import type { MessageWriter } from "./messages/message-writer.js";
import type { DueChats } from "./notifications/announce-due.js";
import type { EndpointPolicy } from "./notifications/endpoint-policy.js";
import type { PresenceReader } from "./notifications/presence-port.js";
import type { Templates } from "./notifications/templates/templates.js";
import type { VisitorReader } from "./presence/visitor-reader.js";
import type { ReceiptWriter } from "./receipts/receipt-writer.js";
import type { SearchTurns } from "./search/search-turns.js";
import type { TracePort } from "./trace-port.js";
import type { KnownUsers } from "./users/known-users.js";
import type { MuteReader } from "./users/mute-port.js";
import type { People } from "./users/people.js";
import type { UserSource } from "./users/user-source.js";

/** What the process around the engine provides. */
export interface EnginePorts {
  /** Hands committed changes to the live connections of all nodes. Must not throw and must not wait. */
  publish: (batch: Batch) => void;
  enqueue: Enqueue;
  /** Who is there, and looks at what. */
  presence: PresenceReader;
  /** Who has an open chat open. */
  visitors: VisitorReader;
  /** The server that owns the users; undefined where there is none. */
  userSource: UserSource | undefined;
  /** Who may read and not write. */
  mutedUntil: MuteReader;
  log: EngineLog;
  trace: TracePort;
  clock: () => Date;
  /** New ids: UUID version 7. */
  ids: () => string;
}

/** The context of every engine function. */
export interface Engine extends EnginePorts {
  database: Database;
  writer: MessageWriter;
  receipts: ReceiptWriter;
  /** Those of this process that the audit log does not have yet. */
  refusedLogins: RefusedLogins;
  knownUsers: KnownUsers;
  /** What never changes about chats. */
  chatFacts: ChatFactsCache;
  people: People;
  /** The integer names of messages by their places. */
  messageNumbers: MessageNumbers;
  turns: ChatTurns;
  searches: SearchTurns;
  dueChats: DueChats;
  /** The words of notifications. */
  templates: Templates;
  /** Since the process began. */
  faults: { unrenderableNotifications: number; loggedUnrenderable: Set<string> };
  /** Where files are kept; undefined where there are none. */
  files: FileStore | undefined;
  /** Where browsers may have their pushes sent to. */
  endpointPolicy: EndpointPolicy;
}
