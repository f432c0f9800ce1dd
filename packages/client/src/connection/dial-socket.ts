import { io, type Socket } from "socket.io-client";
import { asRefusal, ParleyRefusal, type RefusalFacts } from "../refusal.js";
import type { Dial, Heard, LinkHooks } from "./link.js";

export interface DialOptions {
  url: string;
  transports: Array<"websocket" | "polling">;
  /** How long an answer may take. */
  answerMs: number;
}

const OPEN_MS = 20_000;

/** Connects with Socket.IO. Coming back after a loss is not its business. */
export function dialSocket(options: DialOptions): Dial {
  return (token, hooks) => {
    const socket = io(new URL("/chat", options.url).href, {
      auth: { token },
      transports: options.transports,
      reconnection: false,
      forceNew: true,
      timeout: OPEN_MS,
    });
    const close = listen(socket, hooks);
    return {
      ask: async (name, input) => {
        if (!socket.connected) throw connectionLost();
        const answer: Answer = await socket
          .timeout(options.answerMs)
          .emitWithAck(name, input)
          .catch((error) => {
            throw socket.connected ? timedOut(error) : connectionLost(error);
          });
        if (!answer.ok) throw new ParleyRefusal(answer.error);
        return answer as never;
      },
      close,
    };
  };
}

type Answer = { ok: true } | { ok: false; error: RefusalFacts };

function listen(socket: Socket, hooks: LinkHooks): () => void {
  let over = false;
  const end = () => {
    over = true;
    clearTimeout(late);
    socket.offAny();
    socket.disconnect();
  };
  const lose = (why: ParleyRefusal) => {
    if (over) return;
    end();
    hooks.lost(why);
  };
  // A node can accept a socket and then not come to say that it is live.
  const late = setTimeout(() => lose(timedOut()), OPEN_MS);
  socket.onAny((name: Heard["name"], payload) => {
    if (name !== "connected") return hooks.heard({ name, payload });
    clearTimeout(late);
    hooks.opened(payload.userId);
  });
  socket.on("connect_error", (error: Error & { data?: RefusalFacts }) =>
    lose(error.data?.code === undefined ? asRefusal(error) : new ParleyRefusal(error.data)),
  );
  socket.on("disconnect", (reason) => lose(connectionLost(new Error(reason))));
  return () => {
    if (!over) end();
  };
}

function connectionLost(cause?: unknown) {
  return new ParleyRefusal({ code: "connection_lost", message: "The connection was lost." }, { cause });
}

function timedOut(cause?: unknown) {
  return new ParleyRefusal({ code: "timed_out", message: "The server did not answer in time." }, { cause });
}
