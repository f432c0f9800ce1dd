import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ErrorCode, type Identity, LIMITS, ParleyError } from "@parley/contracts";
import type { Dialect, DialectPorts, SocketClient } from "@parley/dialects";
import { readArrival } from "@parley/engine";
import type { Log } from "@parley/platform";
import { type WebSocket, WebSocketServer } from "ws";
import type { GatewayAuthenticator } from "../../auth/create-gateway-authenticator.js";
import { isOriginAllowed } from "../../auth/is-origin-allowed.js";
import { noteRefusedLogin } from "../../auth/note-refused-login.js";
import { proofsFor } from "../../auth/proofs-for.js";
import { callFacts } from "../../call-facts.js";
import type { Admission } from "../admission.js";
import type { Arrivals } from "../arrivals.js";
import type { CommandSlots } from "../command-slots.js";
import type { RealtimeParts } from "../commands/command-context.js";
import type { ConnectPace } from "../connect-pace.js";
import type { Doorstep } from "../doorstep.js";
import { countConnect, countHandshake } from "../handshake-rates.js";
import type { LiveConnections } from "../live-connections.js";
import type { LiveUsers } from "../live-users.js";
import type { RealtimeMetrics } from "../metrics.js";
import { startTyping, stopTyping } from "../tell-typing.js";
import { closeChatView, openChatView } from "../view-chat.js";
import type { Wire } from "../wire.js";
import { DeliveryMarks } from "./delivery-marks.js";
import { createDialectWire } from "./dialect-wire.js";
import { Heartbeat } from "./heartbeat.js";
import { type PathPattern, pathPattern } from "./path-pattern.js";
import { RawConnection } from "./raw-connection.js";
import { refuseUpgrade } from "./refuse-upgrade.js";
import { serveFrames } from "./serve-frames.js";

export interface RawGatewayOptions extends RealtimeParts {
  gatewayAuthenticator: GatewayAuthenticator;
  dialects: readonly Dialect[];
  ports: DialectPorts;
  connections: LiveConnections;
  users: LiveUsers;
  arrivals: Arrivals;
  metrics: RealtimeMetrics;
  doorstep: Doorstep;
  addressOf: (request: IncomingMessage) => string;
  admission: Admission;
  pace: ConnectPace;
  slots: CommandSlots;
  log: Log;
}

interface Door {
  dialect: Dialect;
  matches: PathPattern;
  wire: Wire;
  sockets: WebSocketServer;
}

/** A client on its way in. */
interface Guest {
  door: Door;
  params: Record<string, string>;
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** Larger frames than the contract allows are answered; what is larger still ends the connection before it fills the memory. */
const LARGEST_FRAME_BYTES = 16 * LIMITS.frameBytes;

/** The way in for all dialects: raw WebSockets on the node's HTTP server, each contract at its own path. */
export class RawGateway {
  readonly #options: RawGatewayOptions;
  readonly #doors: readonly Door[];
  readonly #heartbeat = new Heartbeat();
  readonly #marks: DeliveryMarks;

  constructor(httpServer: HttpServer, options: RawGatewayOptions) {
    this.#options = options;
    this.#marks = new DeliveryMarks(options);
    this.#doors = options.dialects.map((dialect) => ({
      dialect,
      matches: pathPattern(dialect.socket.path),
      wire: createDialectWire({ ...options, dialect }),
      sockets: createSockets(options, dialect),
    }));
    httpServer.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const { path } = callFacts(request);
      if (!path.startsWith("/socket.io/")) void this.#welcome(path, { request, socket, head });
    });
  }

  close(): void {
    this.#heartbeat.close();
  }

  /** Never rejects: whoever is not let in is told why. */
  async #welcome(path: string, handshake: Omit<Guest, "door" | "params">): Promise<void> {
    const { socket } = handshake;
    // Who breaks off during the handshake is nobody's failure.
    socket.on("error", () => socket.destroy());
    const guest = this.#guestAt(path, handshake);
    try {
      if (guest === undefined) throw new ParleyError("route_not_found");
      await this.#letIn(guest);
    } catch (error) {
      if (!(error instanceof ParleyError)) this.#options.log.error({ err: error }, "a handshake failed");
      const refusal = error instanceof ParleyError ? error : new ParleyError("internal");
      this.#options.metrics.errors.inc({ code: refusal.code });
      this.#count(guest?.door, refusal.code);
      refuseUpgrade(socket, guest?.door.dialect, refusal);
    }
  }

  #count(door: Door | undefined, result: ErrorCode | "ok"): void {
    this.#options.metrics.handshakes.inc({ contract: door?.dialect.name ?? "none", result });
  }

  #guestAt(path: string, handshake: Omit<Guest, "door" | "params">): Guest | undefined {
    for (const door of this.#doors) {
      const params = door.matches(path);
      if (params !== undefined) return { ...handshake, door, params };
    }
    return undefined;
  }

  async #letIn(guest: Guest): Promise<void> {
    const { connections, config, admission, engine, ports, pace } = this.#options;
    const { door, params, request, socket, head } = guest;
    if (!isOriginAllowed(config, request.headers.origin)) throw new ParleyError("origin_not_allowed");
    assertOpen(connections);
    const identity = await this.#recognise(guest);
    // One who has gone meanwhile would never give a place back.
    if (socket.destroyed) return;
    const leave = admission.enter(identity.userId, socket);
    socket.once("close", leave);
    try {
      const scope = await door.dialect.socket.admit?.({ engine, ports, identity }, params);
      // Last, so that nobody takes the turn of others who then does not come in.
      await pace.turn();
      // The node may have begun to send everybody away.
      assertOpen(connections);
      if (socket.destroyed) return;
      door.sockets.handleUpgrade(request, socket, head, (webSocket) =>
        this.#open(webSocket, { door, identity, onlyChat: scope?.chatId }),
      );
    } catch (refusal) {
      // Who is refused may linger, and holds no place meanwhile.
      leave();
      throw refusal;
    }
  }

  /** Who it is that comes, counted by address and then by person. */
  async #recognise({ door, request, socket }: Guest): Promise<Identity> {
    const { doorstep, addressOf } = this.#options;
    const address = addressOf(request);
    if (!doorstep.enter(socket, address)) throw new ParleyError("too_many_connections");
    try {
      await countHandshake(this.#options, address);
      const identity = await door.dialect.identify(callFacts(request), proofsFor(this.#options, request));
      await countConnect(this.#options, identity);
      return identity;
    } catch (refusal) {
      noteRefusedLogin(this.#options.engine, { address, refusal });
      throw refusal;
    } finally {
      doorstep.leave(socket);
    }
  }

  #open(
    socket: WebSocket,
    { door, identity, onlyChat }: { door: Door; identity: Identity; onlyChat: string | undefined },
  ): void {
    this.#count(door, "ok");
    const { config, arrivals, metrics } = this.#options;
    const { dialect, wire } = door;
    const connection: RawConnection = new RawConnection({
      socket,
      identity,
      wire,
      dialect: dialect.socket,
      onlyChat,
      greeting: () => dialect.socket.greet?.(client) ?? [],
      onReceived: dialect.socket.countsAsDelivered
        ? (message) => this.#marks.mark(connection.actor, message)
        : undefined,
      onEnding: (reason) => metrics.ended.inc({ reason }),
      eventsPerSecond: config.SOCKET_EVENTS_PER_SECOND,
      eventsBurst: config.SOCKET_EVENTS_BURST,
    });
    const client = this.#clientOf(connection);
    arrivals.open(connection);
    this.#heartbeat.watch(connection, dialect.socket.idleMs);
    socket.on("ping", () => connection.noteSignOfLife());
    socket.on("pong", () => connection.noteSignOfLife());
    // The close that follows says the rest.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#heartbeat.forget(connection);
      arrivals.depart(connection);
    });
    const live = this.#arrive(connection);
    serveFrames(socket, { ...this.#options, dialect, client, connection }, live);
  }

  /** Resolves when the client is live, and has the chat open that the connection is for. */
  async #arrive(connection: RawConnection): Promise<void> {
    await this.#options.arrivals.arrive(connection);
    if (connection.onlyChat === undefined) return;
    try {
      await openChatView({ ...this.#options, connection }, connection.onlyChat);
    } catch (error) {
      // Taken out before it was live.
      if (error instanceof ParleyError && error.code === "chat_not_found") connection.end("removed");
      else
        this.#options.log.warn(
          { err: error, socketId: connection.id },
          "could not tell who came into a chat",
        );
    }
  }

  #clientOf(connection: RawConnection): SocketClient {
    const { engine, ports } = this.#options;
    const parts = { ...this.#options, connection };
    return {
      engine,
      ports,
      get identity() {
        return connection.identity;
      },
      chatId: connection.onlyChat,
      connectionId: connection.id,
      isToCome: async ({ chatId, seq }) =>
        this.#options.users.isToCome(connection.userId, { chatId, seq }) &&
        (await readArrival(engine, { chatId, userId: connection.userId })) !== null,
      typing: ({ chatId, isTyping }) => (isTyping ? startTyping(parts, chatId) : stopTyping(parts, chatId)),
      open: async (chatId) => {
        for (const other of connection.viewing) if (other !== chatId) await closeChatView(parts, other);
        await openChatView(parts, chatId);
      },
    };
  }
}

/** Makes WebSockets of handshakes; those that are none are told so in the dialect's words. */
function createSockets({ metrics }: Pick<RawGatewayOptions, "metrics">, dialect: Dialect): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LARGEST_FRAME_BYTES,
  });
  sockets.on("wsClientError", (fault, socket) => {
    const message = `This is no handshake of a WebSocket: ${fault.message}.`;
    const refusal = new ParleyError("invalid_input", { message, cause: fault });
    metrics.errors.inc({ code: refusal.code });
    metrics.handshakes.inc({ contract: dialect.name, result: refusal.code });
    refuseUpgrade(socket, dialect, refusal);
  });
  return sockets;
}

/** Throws while nobody is let in. */
function assertOpen({ closedFor }: LiveConnections): void {
  if (closedFor === "draining") throw new ParleyError("draining");
  if (closedFor !== null) throw new ParleyError("database_unavailable");
}
