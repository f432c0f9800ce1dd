import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { watchReadiness } from "./readiness-watch.js";

it("tells a change once, and after a doubt, that the server is ready as before", async () => {
  const server = createServer((_request, response) => response.end());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const told: boolean[] = [];
  let heard: () => void = () => undefined;
  const onChange = (ready: boolean) => {
    told.push(ready);
    heard();
  };
  const next = () => new Promise<void>((resolve) => (heard = resolve));
  const first = next();
  const watch = watchReadiness({ host: "127.0.0.1", port, intervalMs: 60_000, onChange });
  onTestFinished(() => {
    watch.stop();
    server.close();
  });
  await first;
  const second = next();
  watch.doubt();
  await second;
  expect(told).toEqual([true, true]);
});
