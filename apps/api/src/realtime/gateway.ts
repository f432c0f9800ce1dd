import type { Server as HttpServer, IncomingMessage } from "node:http";
import { type Batch, type Identity, LIMITS, ParleyError } from "@parley/contracts";
import { announceInChat, announcePresence, chatPartners, readPositions, rememberUser } from "@parley/engine";
import type { Log } from "@parley/platform";
import { Server } from "socket.io";
import { bearerToken } from "../auth/bearer-token.js";
import { isOriginAllowed } from "../auth/is-origin-allowed.js";
import type { CommandContext, RealtimeParts } from "./commands/command-context.js";
import { Connection } from "./connection.js";
import { dispatch } from "./dispatch.js";
import { drainConnections } from "./drain-connections.js";
import type { FanOut } from "./fan-out.js";
import type { RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import type { PresenceState } from "./presence.js";
import type { ChatNamespace, ChatServer, ChatSocket } from "./socket-types.js";

export interface GatewayOptions extends RealtimeParts {
  fanOut: FanOut;
  metrics: RealtimeMetrics;
  log: Log;
}

const EXPIRY_CHECK_MS = 1_000;

/** Makes the Socket.IO server with limits that fit the contract. WebSocket only, unless polling is switched on. */
export function createSocketServer(httpServer: HttpServer, config: RealtimeParts["config"]): ChatServer {
  const io: ChatServer = new Server(httpServer, {
    transports: config.POLLING ? ["websocket", "polling"] : ["websocket"],
    serveClient: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: LIMITS.frameBytes,
    connectTimeout: 10_000,
    pingInterval: 25_000,
    pingTimeout: 20_000,
    allowRequest: (request, decide) => {
      const refusal = handshakeRefusal(request, { config, connections: io.engine.clientsCount });
      decide(refusal, refusal === null);
    },
  });
  // Only the chat namespace is served; the default one would be a connection without a token.
  io.of("/").use((_socket, next) => next(new Error(`Connect to the namespace ${NAMESPACE}.`)));
  return io;
}

function handshakeRefusal(
  request: IncomingMessage,
  facts: { config: RealtimeParts["config"]; connections: number },
): string | null {
  if (!isOriginAllowed(facts.config, request.headers.origin))
    return new ParleyError("origin_not_allowed").message;
  if (facts.connections >= facts.config.MAX_CONNECTIONS)
    return new ParleyError("too_many_connections").message;
  return null;
}

/** The live half of the native contract: connections, their commands, and what is delivered to them. */
export class Gateway {
  readonly namespace: ChatNamespace;
  readonly #options: GatewayOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #expiryTimer: NodeJS.Timeout;
  #draining = false;

  constructor(io: ChatServer, options: GatewayOptions) {
    this.#options = options;
    this.namespace = io.of(NAMESPACE);
    this.namespace.use(
      (socket, next) =>
        void this.#authenticate(socket).then(
          () => next(),
          (error) => next(asConnectError(error)),
        ),
    );
    this.namespace.on("connection", (socket) => void this.#connect(socket));
    this.#expiryTimer = setInterval(() => this.#checkExpiry(), EXPIRY_CHECK_MS);
    this.#expiryTimer.unref();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** What another node committed. */
  receive(batch: Batch, sentAt: number): void {
    this.#options.metrics.busDelay.observe(Math.max(0, Date.now() - sentAt) / 1_000);
    this.#options.fanOut.accept(batch);
  }

  /** Tells those who share a chat with somebody that they came or went. */
  tellPresence(state: PresenceState): void {
    const { engine, log } = this.#options;
    const body = { name: "presence.changed", ...state } as const;
    chatPartners(engine, state.userId)
      .then((audience) => announcePresence(engine, { audience, body }))
      .catch((error) =>
        log.warn({ err: error, userId: state.userId }, "could not tell a change of presence"),
      );
  }

  /** Somebody who typed went silent. */
  endTyping(typist: { actor: { userId: string; role: string }; chatId: string }): void {
    const { actor, chatId } = typist;
    const at = new Date().toISOString();
    this.#announce({ actor, chatId, body: { name: "typing.changed", ...actor, action: "stop", at } });
  }

  /** Sends everyone away with a hint when to come back, after their requests are answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#expiryTimer);
    await drainConnections([...this.#connections.values()]);
  }

  async #authenticate(socket: ChatSocket): Promise<void> {
    if (this.#draining) throw new ParleyError("draining");
    const { auth, headers } = socket.handshake;
    const token: unknown = auth.token;
    const identity = await this.#options.authenticator.authenticate(
      typeof token === "string" ? token : bearerToken(headers.authorization),
    );
    const open = this.#options.fanOut.users.get(identity.userId)?.connections.size ?? 0;
    if (open >= this.#options.config.MAX_CONNECTIONS_PER_USER) throw new ParleyError("too_many_connections");
    socket.data.identity = identity;
  }

  async #connect(socket: ChatSocket): Promise<void> {
    const connection = this.#open(socket, socket.data.identity);
    const { engine, fanOut, presence, log } = this.#options;
    void rememberUser(engine, connection.identity);
    // First part of the live audience, then the positions: a commit in between is in one of the two.
    const user = fanOut.users.add(connection);
    try {
      fanOut.follow(user, await readPositions(engine, connection.userId));
    } catch (error) {
      log.warn(
        { err: error, socketId: connection.id },
        "could not read a user's chats; the client is asked to come back",
      );
      connection.welcome(engine.clock());
      connection.end("unavailable");
      return;
    }
    if (!connection.open) return;
    presence.connected(connection);
    connection.welcome(engine.clock());
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
    socket.on("disconnect", () => this.#close(connection));
    return connection;
  }

  #commandContext(connection: Connection): Parameters<typeof dispatch>[0] {
    const { metrics, log } = this.#options;
    const context: CommandContext = { ...this.#options, connection };
    return {
      ...context,
      log,
      onResult: (command, { code, seconds }) => {
        metrics.commands.observe({ command, result: code === undefined ? "ok" : "refused" }, seconds);
        if (code !== undefined) metrics.errors.inc({ code });
      },
    };
  }

  #close(connection: Connection): void {
    const { fanOut, presence, typing } = this.#options;
    this.#connections.delete(connection.id);
    fanOut.users.remove(connection);
    presence.disconnected(connection);
    const { actor } = connection;
    const at = new Date().toISOString();
    for (const chatId of typing.stopAll(connection.id)) this.endTyping({ actor, chatId });
    for (const chatId of connection.viewing) {
      this.#announce({ actor, chatId, body: { name: "viewer.left", ...actor, at } });
    }
  }

  #announce(input: Parameters<typeof announceInChat>[1]): void {
    const { engine, log } = this.#options;
    announceInChat(engine, input).catch((error) => {
      // Somebody who was removed meanwhile has nothing to tell.
      if (!(error instanceof ParleyError)) log.warn({ err: error }, "could not tell passing news");
    });
  }

  #checkExpiry(): void {
    const now = Date.now();
    for (const connection of this.#connections.values()) connection.checkExpiry(now);
  }
}

/** What a refused handshake looks like to the client: a `connect_error` with `data.code`. */
function asConnectError(error: unknown): Error {
  const refusal = error instanceof ParleyError ? error : new ParleyError("internal");
  const { code, message, retryAfterMs } = refusal;
  const data = { code, message, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) };
  return Object.assign(new Error(message), { data });
}
