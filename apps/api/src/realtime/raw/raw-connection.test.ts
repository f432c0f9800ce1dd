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

function connectionOf(socket: object, expiresAt = Number.POSITIVE_INFINITY): RawConnection {
  return new RawConnection({
    socket: socket as WebSocket,
    identity: { userId: "ann", role: "user", expiresAt },
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

it("tells of an expired token once, and ends half a minute later unless a fresh one has come", () => {
  const [late, renewed] = [silentSocket(), silentSocket()];
  const [one, other] = [connectionOf(late, 1_000), connectionOf(renewed, 1_000)];
  for (const connection of [one, other]) {
    connection.welcome(new Date(0));
    for (const nowMs of [999_999, 1_000_000, 1_001_000]) connection.checkExpiry(nowMs);
  }
  expect([late.send.mock.calls.length, renewed.send.mock.calls.length]).toEqual([1, 1]);
  other.renew({ userId: "ann", role: "user", expiresAt: 2_000 });
  for (const connection of [one, other]) connection.checkExpiry(1_029_999);
  expect(late.close).not.toHaveBeenCalled();
  for (const connection of [one, other]) connection.checkExpiry(1_030_000);
  expect(late.close).toHaveBeenCalledWith(4401, expect.any(String));
  expect(renewed.close).not.toHaveBeenCalled();
});
