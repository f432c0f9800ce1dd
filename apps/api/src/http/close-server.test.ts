import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ServerEnd, watchServer } from "./close-server.js";

let server: Server;
let end: ServerEnd;

beforeEach(async () => {
  server = createServer((_request, response) => void response.end("hello"));
  end = watchServer(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
});

afterEach(() => end.close());

async function reach(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function ask(socket: Socket): Promise<string> {
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const [answer] = await once(socket, "data");
  return String(answer);
}

test("who waits on an old connection may ask once more, and is told that it was the last time", async () => {
  const { port } = server.address() as AddressInfo;
  const socket = await reach();
  expect(await ask(socket)).toMatch(/Connection: keep-alive/);
  end.stopListening();
  const [refused] = await once(connect(port, "127.0.0.1"), "error");
  expect(refused.code).toBe("ECONNREFUSED");
  const closed = once(socket, "close");
  expect(await ask(socket)).toMatch(/200 OK[\s\S]*Connection: close[\s\S]*hello/);
  await closed;
});

test("in the end idle connections and half requests are cut", async () => {
  const [idle, half] = [await reach(), await reach()];
  await ask(idle);
  half.write("POST / HTTP/1.1\r\nContent-Le");
  const closed = Promise.all([once(idle, "close"), once(half, "close")]);
  end.stopListening();
  await end.close();
  await closed;
});
