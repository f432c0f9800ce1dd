import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Nginx, startNginx, TEST_GATEWAY_SECRET } from "@parley/testing";

export interface GatewayNodes {
  /** Port of whoever checks the tokens. */
  auth: number;
  /** Ports of the nodes that serve the chat: one, or three. */
  chat: number | readonly [number, number, number];
  /** Spoils the configuration, to show what a part of it is for. */
  spoil?: (config: string) => string;
}

const SERVER = /api-(\d):3000(?= max_fails=\d)/g;

/** Starts a real nginx with `gateway.conf` as it stands, but for addresses. */
export function startGateway({ auth, chat, spoil = (config) => config }: GatewayNodes): Promise<Nginx> {
  const text = spoil(readFileSync(resolve(import.meta.dirname, "gateway.conf"), "utf8"));
  const groups = text.split(/^(?= *upstream )/m);
  const addressed = groups.map((group) =>
    group.replace(SERVER, (_all, node) => {
      const ports = /^ *upstream auth /.test(group) ? auth : chat;
      return `127.0.0.1:${typeof ports === "number" ? ports : ports[node - 1]}`;
    }),
  );
  const config = addressed.join("");
  if (config.includes("api-1") || config.split("listen 8080;").length !== 2)
    throw new Error("gateway.conf has addresses that are not known here");
  return startNginx({
    config: (port) => config.replace("listen 8080;", `listen 127.0.0.1:${port};`),
    includes: { "gateway-secret.conf": `set $gateway_secret "${TEST_GATEWAY_SECRET}";\n` },
  });
}
