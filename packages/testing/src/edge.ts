import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@parley/platform/local";
import { startNginx } from "./nginx.js";
import { makeTestCertificate } from "./test-certificate.js";

/** The nginx of `infra/nginx` in front of api nodes on this machine. */
export interface Edge {
  /** `https://127.0.0.1:…`. */
  url: string;
  port: number;
  /** The same without TLS, from which clients are sent on. */
  plainUrl: string;
  /** File with the certificate that clients have to trust, for NODE_EXTRA_CA_CERTS. */
  certificate: string;
  /** What it has written to its logs. */
  output(): string;
  stop(): Promise<void>;
}

export interface EdgeOptions {
  /** Ports of the three api nodes on 127.0.0.1. */
  ports: readonly number[];
  /** Spoils the configuration, to show what a part of it is for. */
  spoil?: (config: string) => string;
}

const FOLDER = fileURLToPath(new URL("../../../infra/nginx", import.meta.url));
const SERVER = /^ *server api-(\d):3000 resolve max_fails=/gm;

/** Starts a real nginx with the configuration as it stands, but for addresses and folders. */
export async function startEdge({ ports, spoil = (config) => config }: EdgeOptions): Promise<Edge> {
  const folder = mkdtempSync(path.join(tmpdir(), "parley-edge-"));
  const { key, certificate } = await makeTestCertificate(folder);
  const port = await freePort();
  const listen = (plainPort: number) =>
    replaceAll(readConfig("listen-tls.conf"), {
      "listen 8443 ssl": `listen 127.0.0.1:${port} ssl`,
      "listen 8080 ": `listen 127.0.0.1:${plainPort} `,
      "/etc/nginx/tls/tls.crt": certificate,
      "/etc/nginx/tls/tls.key": key,
    });
  // Debian's nginx is older than `resolve`, which needs no test where addresses are numbers.
  const upstreams = readConfig("upstreams.conf").replace(
    SERVER,
    (_all, place) => `server 127.0.0.1:${ports[Number(place) - 1]} max_fails=`,
  );
  const nginx = await startNginx({
    config: (plainPort) =>
      replaceAll(spoil(readConfig("nginx.conf")), {
        "/tmp/": `${folder}/`,
        "include upstreams.conf;": upstreams,
        "include listen.conf;": listen(plainPort),
      }),
  });
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    plainUrl: nginx.url,
    certificate,
    output: nginx.output,
    stop: async () => {
      await nginx.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readConfig(name: string): string {
  return readFileSync(path.join(FOLDER, name), "utf8");
}

function replaceAll(text: string, changes: Record<string, string>): string {
  return Object.entries(changes).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the configuration has no ${JSON.stringify(from)}`);
    return changed.replaceAll(from, to);
  }, text);
}
