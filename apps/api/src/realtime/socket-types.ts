import type { Batch, Identity } from "@parley/contracts";
import type { TracePlace } from "@parley/platform";
import type { Namespace, Server, Socket } from "socket.io";

/** Events reach the clients as frames encoded once (see outbound.ts), so nothing is declared for socket.emit. */
type NoEvents = Record<string, never>;

interface NodeEvents {
  batch: (batch: Batch, sentAt: number, place?: TracePlace) => void;
}

export interface SocketData {
  identity: Identity;
}

export type ChatServer = Server<NoEvents, NoEvents, NodeEvents, SocketData>;
export type ChatNamespace = Namespace<NoEvents, NoEvents, NodeEvents, SocketData>;
export type ChatSocket = Socket<NoEvents, NoEvents, NodeEvents, SocketData>;
