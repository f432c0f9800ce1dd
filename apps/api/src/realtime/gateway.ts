import type { IncomingMessage } from "node:http";
import { type ErrorCode, type Identity, ParleyError } from "@parley/contracts";
import type { Log } from "@parley/platform";
import { bearerToken } from "../auth/bearer-token.js";
import { noteRefusedLogin } from "../auth/note-refused-login.js";
import type { Admission } from "./admission.js";
import type { Arrivals } from "./arrivals.js";
import type { CommandSlots } from "./command-slots.js";
import type { CommandContext, RealtimeParts } from "./commands/command-context.js";
import type { ConnectPace } from "./connect-pace.js";
import { Connection } from "./connection.js";
import { dispatch } from "./dispatch.js";
import type { Doorstep } from "./doorstep.js";
import { countConnect } from "./handshake-rates.js";
import type { LiveConnections } from "./live-connections.js";
import type { RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import type { ChatNamespace, ChatServer, ChatSocket } from "./socket-types.js";

export interface GatewayOptions extends RealtimeParts {
  connections: LiveConnections;
  arrivals: Arrivals;
  metrics: RealtimeMetrics;
  doorstep: Doorstep;
  addressOf: (request: IncomingMessage) => string;
  admission: Admission;
  pace: ConnectPace;
  slots: CommandSlots;
  log: Log;
}

/** The native contract's way in: who may connect, and what their connections ask for. */
export class Gateway {
  readonly namespace: ChatNamespace;
  readonly #options: GatewayOptions;

  constructor(io: ChatServer, options: GatewayOptions) {
    this.#options = options;
    this.namespace = io.of(NAMESPACE);
    this.namespace.use(
      (socket, next) =>
        void this.#authenticate(socket).then(
          () => {
            this.#count("ok");
            next();
          },
          (error) => {
            this.#count(resultOf(error));
            const address = this.#options.addressOf(socket.request);
            noteRefusedLogin(this.#options.engine, { address, refusal: error });
            // Who is refused in so many words does not come back by itself; who only loses the transport does.
            if (!(error instanceof ComeBack)) next(asConnectError(error));
            setImmediate(() => socket.conn.close());
          },
        ),
    );
    this.namespace.on("connection", (socket) => {
      void this.#options.arrivals.arrive(this.#open(socket, socket.data.identity));
    });
  }

  #count(result: ReturnType<typeof resultOf> | "ok"): void {
    this.#options.metrics.handshakes.inc({ contract: "native", result });
  }

  async #authenticate(socket: ChatSocket): Promise<void> {
    const { connections, authenticator, pace, admission, doorstep } = this.#options;
    if (connections.closedFor !== null) throw new ComeBack(connections.closedFor);
    const { auth, headers } = socket.handshake;
    const token: unknown = auth.token;
    const identity = await authenticator.authenticate(
      typeof token === "string" ? token : bearerToken(headers.authorization),
    );
    await countConnect(this.#options, identity).catch((refusal) => this.#sendBack(refusal));
    // One who has gone meanwhile would never give a place back.
    if (socket.conn.readyState !== "open") throw new ComeBack("the client has gone");
    // The place is given back when the transport closes, whether or not it ever becomes a connection.
    socket.conn.once("close", admission.enter(identity.userId, socket.conn));
    doorstep.leave(socket.conn);
    // Last, so that nobody takes the turn of others who then does not come in.
    await pace.turn().catch((refusal) => this.#sendBack(refusal));
    if (socket.conn.readyState !== "open") throw new ComeBack("the client has gone");
    socket.data.identity = identity;
  }

  /** What is over in a moment is no reason to stay away. */
  #sendBack(refusal: ParleyError): never {
    this.#options.metrics.errors.inc({ code: refusal.code });
    throw new ComeBack(refusal.code);
  }

  #open(socket: ChatSocket, identity: Identity): Connection {
    const { config, arrivals, metrics } = this.#options;
    const connection = new Connection({
      socket,
      identity,
      onEnding: (reason) => metrics.ended.inc({ reason }),
      eventsPerSecond: config.SOCKET_EVENTS_PER_SECOND,
      eventsBurst: config.SOCKET_EVENTS_BURST,
    });
    arrivals.open(connection);
    const context = this.#commandContext(connection);
    socket.onAny((name: string, ...args: unknown[]) => void dispatch(context, { name, args }));
    socket.on("disconnect", () => {
      arrivals.depart(connection);
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
}

/** Not now and not here, but gladly in a moment. */
class ComeBack extends Error {}

function resultOf(error: unknown): ErrorCode | "later" {
  if (error instanceof ComeBack) return "later";
  return error instanceof ParleyError ? error.code : "internal";
}

/** What a refused handshake looks like to the client: a `connect_error` with `data.code`. */
function asConnectError(error: unknown): Error {
  const refusal = error instanceof ParleyError ? error : new ParleyError("internal");
  const { code, message, retryAfterMs } = refusal;
  const data = { code, message, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) };
  return Object.assign(new Error(message), { data });
}
