import net from "node:net";
import { createServer } from "node:http";
import { it } from "vitest";
import { Admission } from "./admission.js";
import { Gateway } from "./gateway.js";
import { createSocketServer } from "./socket-server.js";

it("T8 admission leak", async () => {
  const http = createServer();
  const admission = new Admission({ connections: 10, perUser: 2 });
  const io = createSocketServer(http, { config: { POLLING: false, ALLOWED_ORIGINS: [], NODE_ENV: "test" } as any, admission });
  new Gateway(io, {
    admission,
    authenticator: {
      authenticate: async () => {
        await new Promise((r) => setTimeout(r, 200));
        return { userId: "u", role: "user" };
      },
    },
  } as any);
  await new Promise<void>((r) => http.listen(0, r));
  const port = (http.address() as any).port;
  for (let i = 0; i < 2; i++) {
    const k = net.connect(port, "localhost"); k.on("error", () => {}); 
    k.write("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    setTimeout(() => { const t = Buffer.from("40/chat,{}"); k.write(Buffer.concat([Buffer.from([0x81, 0x80 | t.length, 0, 0, 0, 0]), t])); setTimeout(() => k.destroy(), 50); }, 100);
  }
  await new Promise((r) => setTimeout(r, 1500));
  console.log("T8 transports", io.engine.clientsCount, "places taken", admission.count);
  try {
    admission.enter("u", {});
    console.log("entered");
  } catch (e: any) {
    console.log("T8 next connection:", e.code);
  }
  io.engine.close();
  http.close();
});
