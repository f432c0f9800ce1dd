import type { DisconnectReason } from "@parley/contracts";
import type { AccessList } from "../auth/access-list.js";
import type { BusState } from "./bus-probe.js";
import { drainConnections } from "./drain-connections.js";
import type { LiveConnection } from "./live-connection.js";

const ACCESS_CHECK_MS = 1_000;

/** All connections of a node, whichever contract they speak, and what is done to all of them. */
export class LiveConnections {
  readonly #access: AccessList;
  readonly #connections = new Map<string, LiveConnection>();
  readonly #accessTimer: NodeJS.Timeout;
  #closedFor: "draining" | "unavailable" | null = null;
  #busState: BusState = "ok";

  constructor(access: AccessList) {
    this.#access = access;
    this.#accessTimer = setInterval(() => this.checkAccess(), ACCESS_CHECK_MS);
    this.#accessTimer.unref();
  }

  get count(): number {
    return this.#connections.size;
  }

  /** Why nobody is let in; null while the node takes connections. */
  get closedFor(): "draining" | "unavailable" | null {
    return this.#closedFor;
  }

  get busState(): BusState {
    return this.#busState;
  }

  add(connection: LiveConnection): void {
    this.#connections.set(connection.id, connection);
  }

  get(id: string): LiveConnection | undefined {
    return this.#connections.get(id);
  }

  remove(connection: LiveConnection): void {
    this.#connections.delete(connection.id);
  }

  /** Tells every client whether other nodes' news comes at once or with a delay. */
  tellBusState(state: BusState): void {
    this.#busState = state;
    for (const connection of this.#connections.values()) connection.tellBusState(state);
  }

  /** Sends everyone away with a hint when to come back, after their requests are answered; from here on nobody is let in. */
  async drain(): Promise<void> {
    this.#closedFor = "draining";
    clearInterval(this.#accessTimer);
    await this.sendAway("draining");
  }

  /** Sends everyone away at a bounded pace; who comes back is let in. */
  sendAway(reason: DisconnectReason): Promise<void> {
    return drainConnections([...this.#connections.values()], reason);
  }

  /** Lets nobody in while this node alone can't serve them, and sends those away who are here. */
  setAlone(alone: boolean): void {
    if (this.#closedFor === "draining") return;
    this.#closedFor = alone ? "unavailable" : null;
    if (alone) void this.sendAway("unavailable");
  }

  /** Ends the connections of those who were revoked or blocked, or whose token is long expired. */
  checkAccess(): void {
    const now = Date.now();
    for (const connection of this.#connections.values()) {
      if (this.#access.refuses(connection.identity)) connection.end("access_revoked");
      else connection.checkExpiry(now);
    }
  }
}
