import { expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { RawConnection } from "./raw-connection.js";

/** As much of a socket as a connection asks of one; its client does nothing. */
function silentSocket() {
  const socket = {
    OPEN: 1,
    readyState: 1,
    bufferedAmount: 0,
    close: vi.fn(),
    terminate: vi.fn(),
    send: vi.fn(),
  };
  socket.close.mockImplementation(() => {
    socket.readyState = 2;
  });
  return socket;
}

function connectionOf(socket: object): RawConnection {
  return new RawConnection({
    socket: socket as WebSocket,
    identity: { userId: "ann", role: "user" },
    wire: { change: nothing, signal: nothing, privateRead: nothing },
    dialect: { error: () => ({}) },
    onlyChat: undefined,
    greeting: () => [],
    eventsPerSecond: 1,
    eventsBurst: 1,
  });
}

const nothing = () => ({ toAll: [] });

it("gives a client five seconds to answer that its connection is closed, and then hangs up", () => {
  vi.useFakeTimers();
  try {
    const socket = silentSocket();
    connectionOf(socket).end("draining");
    expect(socket.close).toHaveBeenCalledWith(4001, expect.any(String));
    vi.advanceTimersByTime(4_999);
    expect(socket.terminate).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(socket.terminate).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});

it("hangs up at once on a client that does not read", () => {
  const socket = silentSocket();
  connectionOf(socket).end("slow_consumer");
  expect(socket.terminate).toHaveBeenCalledOnce();
});
