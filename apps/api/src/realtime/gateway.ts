import { type Batch, type DisconnectReason, type Identity, ParleyError } from "@parley/contracts";
import { announceInChat, readPositions, rememberUser } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { AccessList } from "../auth/access-list.js";
import { bearerToken } from "../auth/bearer-token.js";
import type { Admission } from "./admission.js";
import type { BusState } from "./bus-probe.js";
import type { CommandSlots } from "./command-slots.js";
import type { CommandContext, RealtimeParts } from "./commands/command-context.js";
import type { ConnectPace } from "./connect-pace.js";
import { Connection } from "./connection.js";
import { dispatch } from "./dispatch.js";
import { drainConnections } from "./drain-connections.js";
import type { FanOut } from "./fan-out.js";
import type { RealtimeMetrics } from "./metrics.js";
import { frame, NAMESPACE } from "./outbound.js";
import { PendingWork } from "./pending-work.js";
import type { ChatNamespace, ChatServer, ChatSocket } from "./socket-types.js";

export interface GatewayOptions extends RealtimeParts {
  fanOut: FanOut;
  metrics: RealtimeMetrics;
  admission: Admission;
  pace: ConnectPace;
  access: AccessList;
  slots: CommandSlots;
  log: Log;
}

const ACCESS_CHECK_MS = 1_000;

/** The live half of the native contract: connections, their commands, and what is delivered to them. */
export class Gateway {
  readonly namespace: ChatNamespace;
  readonly #options: GatewayOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #expiryTimer: NodeJS.Timeout;
  readonly #pending = new PendingWork();
  /** Why nobody is let in. */
  #closedFor: "draining" | "unavailable" | null = null;
  #busState: BusState = "ok";

  constructor(io: ChatServer, options: GatewayOptions) {
    this.#options = options;
    this.namespace = io.of(NAMESPACE);
    this.namespace.use(
      (socket, next) =>
        void this.#authenticate(socket).then(
          () => next(),
          (error) => {
            // Who is refused in so many words does not come back by itself; who only loses the transport does.
            if (!(error instanceof ComeBack)) next(asConnectError(error));
            setImmediate(() => socket.conn.close());
          },
        ),
    );
    this.namespace.on("connection", (socket) => void this.#connect(socket));
    this.#expiryTimer = setInterval(() => this.#checkAccess(), ACCESS_CHECK_MS);
    this.#expiryTimer.unref();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Clients that have shown a good token and wait for their turn to be let in. */
  get waitingCount(): number {
    return this.#options.pace.waiting;
  }

  /** What another node committed. */
  receive(batch: Batch, sentAt: number): void {
    this.#options.metrics.busDelay.observe(Math.max(0, Date.now() - sentAt) / 1_000);
    this.accept(batch);
  }

  /** What a commit published, here or elsewhere. */
  accept(batch: Batch): void {
    const { fanOut, access } = this.#options;
    fanOut.accept(batch);
    if (batch.access !== undefined) void access.refresh().then(() => this.#checkAccess());
  }

  /** Tells every client whether other nodes' news comes at once or with a delay. */
  tellBusState(state: BusState): void {
    this.#busState = state;
    const text = frame("bus", { state });
    for (const connection of this.#connections.values()) connection.deliver(text);
  }

  /** Somebody who typed went silent. */
  endTyping(typist: { actor: { userId: string; role: string }; chatId: string }): void {
    const { actor, chatId } = typist;
    const at = new Date().toISOString();
    this.#announce({ actor, chatId, body: { name: "typing.changed", ...actor, action: "stop", at } });
  }

  /** Sends everyone away with a hint when to come back, after their requests are answered, and lets nobody in any more. */
  async drain(): Promise<void> {
    this.#closedFor = "draining";
    clearInterval(this.#expiryTimer);
    this.#options.pace.close();
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

  /** Resolves when what was to be told has been handed on, or after a moment. */
  settle(): Promise<void> {
    return this.#pending.settle();
  }

  async #authenticate(socket: ChatSocket): Promise<void> {
    if (this.#closedFor !== null) throw new ComeBack(this.#closedFor);
    const { auth, headers } = socket.handshake;
    const token: unknown = auth.token;
    const identity = await this.#options.authenticator.authenticate(
      typeof token === "string" ? token : bearerToken(headers.authorization),
    );
    const turn = this.#options.pace.turn();
    if (turn === null) throw new ComeBack("too many clients come at once");
    await turn;
    // One who has gone meanwhile would never give a place back.
    if (socket.conn.readyState !== "open") throw new ComeBack("the client has gone");
    // The place is given back when the transport closes, whether or not it ever becomes a connection.
    this.#options.admission.enter(identity.userId, socket.conn);
    socket.conn.once("close", () => this.#options.admission.leave(identity.userId));
    socket.data.identity = identity;
  }

  async #connect(socket: ChatSocket): Promise<void> {
    const connection = this.#open(socket, socket.data.identity);
    const { engine, fanOut, presence, log } = this.#options;
    void rememberUser(engine, connection.identity);
    // First part of the live audience, then the positions: a commit in between is in one of the two.
    const user = fanOut.users.add(connection);
    try {
      const positions = await readPositions(engine, connection.userId);
      if (!connection.open) return;
      fanOut.follow(user, positions);
    } catch (error) {
      log.warn(
        { err: error, socketId: connection.id },
        "could not read a user's chats; the client is asked to come back",
      );
      connection.welcome(engine.clock());
      connection.end("unavailable");
      return;
    }
    presence.connected(connection);
    connection.welcome(engine.clock());
    if (this.#busState !== "ok") connection.deliver(frame("bus", { state: this.#busState }));
  }

  #open(socket: ChatSocket, identity: Identity): Connection {
    const { config } = this.#options;
    const connection = new Connection({
      socket,
      identity,
      eventsPerSecond: config.SOCKET_EVENTS_PER_SECOND,
      eventsBurst: config.SOCKET_EVENTS_BURST,
    });
    this.#connections.set(connection.id, connection);
    const context = this.#commandContext(connection);
    socket.onAny((name: string, ...args: unknown[]) => void dispatch(context, { name, args }));
    socket.on("disconnect", () => {
      this.#close(connection);
      // Whoever leaves the namespace leaves.
      socket.conn.close();
    });
    return connection;
  }

  #commandContext(connection: Connection): Parameters<typeof dispatch>[0] {
    const { metrics, log, slots } = this.#options;
    const context: CommandContext = { ...this.#options, connection };
    return {
      ...context,
      log,
      slots,
      onResult: (command, { code, seconds }) => {
        metrics.commands.observe({ command, result: code === undefined ? "ok" : "refused" }, seconds);
        if (code !== undefined) metrics.errors.inc({ code });
      },
    };
  }

  #close(connection: Connection): void {
    const { fanOut, presence, typing, viewing } = this.#options;
    this.#connections.delete(connection.id);
    fanOut.users.remove(connection);
    presence.disconnected(connection);
    const { actor } = connection;
    const at = new Date().toISOString();
    for (const chatId of typing.stopAll(connection.id)) this.endTyping({ actor, chatId });
    for (const chatId of connection.viewing) {
      viewing.closed({ userId: connection.userId, place: chatId });
      this.#announce({ actor, chatId, body: { name: "viewer.left", ...actor, at } });
    }
  }

  #announce(input: Parameters<typeof announceInChat>[1]): void {
    const { engine, log } = this.#options;
    // As the system: what somebody began (typing, looking on) also ends when they are no member any more.
    const actor = { userId: input.actor.userId, role: "system" };
    this.#pending.add(
      announceInChat(engine, { ...input, actor }).catch((error) =>
        log.warn({ err: error }, "could not tell passing news"),
      ),
    );
  }

  #checkAccess(): void {
    const now = Date.now();
    for (const connection of this.#connections.values()) {
      if (this.#options.access.refuses(connection.identity)) connection.end("access_revoked");
      else connection.checkExpiry(now);
    }
  }
}

/** Not now and not here, but gladly in a moment. */
class ComeBack extends Error {}

/** What a refused handshake looks like to the client: a `connect_error` with `data.code`. */
function asConnectError(error: unknown): Error {
  const refusal = error instanceof ParleyError ? error : new ParleyError("internal");
  const { code, message, retryAfterMs } = refusal;
  const data = { code, message, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) };
  return Object.assign(new Error(message), { data });
}
