import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Compose as ComposeProgram, findCompose } from "@parley/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  MOST_NODES,
  MOST_SAMPLE_BYTES,
  MOST_STEPS,
} from "../../packages/platform/src/node-reports/report-board.js";

type Service = {
  image?: string;
  profiles?: string[];
  build?: { context: string; dockerfile: string; target: string };
  user?: string;
  ports?: string[];
  command?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  networks?: string[] | Record<string, { ipv4_address?: string } | null>;
  volumes?: string[];
  init?: boolean;
  read_only?: boolean;
  stop_grace_period?: string;
  logging?: { driver: string; options: Record<string, string> };
};
type Compose = { services: Record<string, Service>; networks: Record<string, { internal?: boolean }> };

const root = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const compose = parse(read("docker-compose.yml"), { merge: true }) as Compose;
const dockerfile = read("infra/docker/Dockerfile");
const nginx = read("infra/nginx/nginx.conf");
const upstreams = read("infra/nginx/upstreams.conf");

const apiNodes = ["api-1", "api-2", "api-3"];
const ours = [...apiNodes, "worker", "migrate"];
const monitoring = ["prometheus", "grafana"];

function service(name: string): Service {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** The instructions of one build stage and of those it stands on. */
function stage(name: string): string {
  const text = dockerfile.split(/^(?=FROM )/m).find((part) => part.split("\n")[0]?.endsWith(` AS ${name}`));
  if (!text) throw new Error(`the Dockerfile has no stage ${name}`);
  const parent = /^FROM (\S+)/.exec(text)?.[1] ?? "";
  return parent.includes(":") ? text : stage(parent) + text;
}

describe("docker-compose.yml", () => {
  test("describes the whole cluster, what watches it when asked to, and nothing else", () => {
    const names = [...ours, "nginx", "postgres", "redis"];
    expect(Object.keys(compose.services).sort()).toEqual([...names, ...monitoring].sort());
    for (const name of names) expect(service(name).profiles).toBeUndefined();
    for (const name of monitoring) expect(service(name).profiles).toEqual(["monitoring"]);
  });

  test.each(Object.keys(compose.services))("%s has an image with a version", (name) => {
    const { image = "", build } = service(name);
    if (build) expect(image).toMatch(/^parley-\w+:/);
    else expect(image).toMatch(/^([a-z]+\/)?[a-z]+:v?\d/);
  });

  test("publishes no port but that of nginx, and what watches to this machine alone", () => {
    const published = Object.keys(compose.services).filter((name) => service(name).ports);
    expect(published).toEqual(["nginx", ...monitoring]);
    for (const name of monitoring) {
      expect(service(name).ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
    }
  });

  test("what watches is hardened, holds no secret, and needs none", () => {
    for (const name of monitoring) {
      const { init, read_only: readOnly, environment = {} } = service(name);
      expect({ init, readOnly }).toEqual({ init: true, readOnly: true });
      // A variable that must be set would have to be set without the profile, too.
      expect(JSON.stringify([service(name).command, environment])).not.toMatch(/:\?|PASSWORD|SECRET/);
    }
    expect(service("grafana").environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
      GF_AUTH_DISABLE_LOGIN_FORM: "true",
      GF_AUTH_BASIC_ENABLED: "false",
    });
  });

  test("gives Prometheus its configuration with every file of rules, and Grafana the dashboard where it looks", () => {
    const mounts = (name: string) =>
      (service(name).volumes ?? []).filter((volume) => volume.startsWith("./"));
    for (const mount of [...mounts("prometheus"), ...mounts("grafana")]) {
      expect([mount, existsSync(resolve(root, mount.split(":")[0] ?? ""))]).toEqual([mount, true]);
      expect(mount).toMatch(/:ro$/);
    }
    const { rule_files: rules } = parse(read("infra/prometheus/prometheus.yml")) as { rule_files: string[] };
    const expected = ["prometheus.yml", ...rules].map(
      (file) => `./infra/prometheus/${file}:/etc/prometheus/${file}:ro`,
    );
    expect(mounts("prometheus")).toEqual(expected);
    expect(service("prometheus").command?.join(" ")).toContain(
      "--config.file=/etc/prometheus/prometheus.yml",
    );
    const provider = parse(read("infra/grafana/provisioning/dashboards/parley.yml")) as {
      providers: [{ options: { path: string } }];
    };
    const { path } = provider.providers[0].options;
    expect(mounts("grafana")).toContain(`./infra/grafana/dashboards:${path}:ro`);
    expect(service("grafana").environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toMatch(`${path}/`);
    const source = parse(read("infra/grafana/provisioning/datasources/prometheus.yml")) as {
      datasources: [{ url: string }];
    };
    expect(source.datasources[0].url).toBe("http://prometheus:9090");
    expect(service("prometheus").networks).toEqual(service("grafana").networks);
  });

  test.each(ours)("%s runs under an init process, hardened, from a stage that exists", (name) => {
    const { build, init, read_only: readOnly } = service(name);
    expect({ init, readOnly }).toEqual({ init: true, readOnly: true });
    expect(build?.dockerfile).toBe("infra/docker/Dockerfile");
    expect(stage(build?.target ?? "")).toContain("CMD [");
  });

  test.each([...apiNodes, "worker"])("%s may take 30 s to drain", (name) => {
    expect(Number.parseInt(service(name).stop_grace_period ?? "0", 10)).toBeGreaterThan(30);
  });

  test.each(["nginx", "postgres", "redis", ...monitoring])("%s has a health check", (name) => {
    expect(service(name).healthcheck?.test.length).toBeGreaterThan(1);
  });

  test("starts in order: postgres, migrate, api and worker, nginx", () => {
    expect(service("migrate").depends_on).toEqual({ postgres: { condition: "service_healthy" } });
    for (const name of [...apiNodes, "worker"]) {
      expect(service(name).depends_on).toEqual({
        migrate: { condition: "service_completed_successfully" },
        redis: { condition: "service_healthy" },
      });
    }
    const healthy = apiNodes.map((name) => [name, { condition: "service_healthy" }]);
    expect(service("nginx").depends_on).toEqual(Object.fromEntries(healthy));
  });

  test("gives each api node its name and the rest of the contract", () => {
    const names = ["DATABASE_URL", "REDIS_URL", "JWT_SECRET", "GATEWAY_SECRET", "ALLOWED_ORIGINS"];
    const settings = ["PORT", "HOST", "TRUST_PROXY", "LOG_LEVEL", "NODE_ENV", "NODE_NAME", "STORAGE_PATH"];
    const tokens = ["JWT_ALGORITHM", "JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE", "FILE_URL_SECRET"];
    const watching = [
      "ADMIN_DASHBOARD",
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "OTEL_TRACES_SAMPLER_ARG",
      "TRACE_CALLERS",
    ];
    const all = [...names, ...settings, ...tokens, ...watching, "VAPID_PUBLIC_KEY"];
    for (const node of apiNodes) {
      expect(Object.keys(service(node).environment ?? {}).sort()).toEqual(all.sort());
      expect(service(node).environment?.NODE_NAME).toBe(node);
    }
  });

  test("gives every node and the worker one folder for files, which the image makes writable", () => {
    for (const name of [...apiNodes, "worker"]) {
      const { STORAGE_PATH } = service(name).environment ?? {};
      expect(service(name).volumes).toEqual([`files:${STORAGE_PATH}`]);
      expect(dockerfile).toContain(`install -d -o 1000 -g 1000 ${STORAGE_PATH}`);
    }
  });

  test("holds no secret: each must be given, and says how", () => {
    const { JWT_SECRET, GATEWAY_SECRET, DATABASE_URL } = service("api-1").environment ?? {};
    expect(JWT_SECRET).toMatch(/^\$\{JWT_SECRET:\?set JWT_SECRET, for example/);
    expect(GATEWAY_SECRET).toMatch(/^\$\{GATEWAY_SECRET:-\}$/);
    for (const text of [DATABASE_URL, service("postgres").environment?.POSTGRES_PASSWORD]) {
      expect(text).toMatch(/\$\{POSTGRES_PASSWORD:\?set POSTGRES_PASSWORD, for example/);
    }
  });

  test("trusts forwarded addresses from nginx alone", () => {
    const networks = service("nginx").networks;
    const address = Array.isArray(networks) ? undefined : networks?.edge?.ipv4_address;
    expect(service("api-1").environment?.TRUST_PROXY).toBe(`${address}/32`);
  });

  test("keeps postgres and redis on a network that leads nowhere", () => {
    expect(compose.networks.data?.internal).toBe(true);
    expect(service("postgres").networks).toEqual(["data"]);
    expect(service("redis").networks).toEqual(["data"]);
  });

  test("lets redis keep what BullMQ gives it", () => {
    const command = service("redis").command?.join(" ");
    expect(command).toContain("--appendonly yes --appendfsync everysec");
    expect(command).toContain("--maxmemory-policy noeviction");
  });

  test("leaves redis room beside the largest samples that as many processes as are kept can write", () => {
    const [, megabytes] =
      /--maxmemory \$\{REDIS_MAXMEMORY:-(\d+)mb\}/.exec(service("redis").command?.join(" ") ?? "") ?? [];
    const samples = MOST_NODES * MOST_STEPS * MOST_SAMPLE_BYTES;
    expect(MOST_STEPS).toBeGreaterThanOrEqual(361);
    expect(samples).toBeLessThan((Number(megabytes) * 2 ** 20) / 2);
  });

  test.each(Object.keys(compose.services))("%s can't fill the disk with what it logs", (name) => {
    const { driver, options } = service(name).logging ?? {};
    expect(driver).toBe("json-file");
    expect([options?.["max-size"], options?.["max-file"]]).toEqual(["50m", "5"]);
  });

  test("mounts the postgres volume where version 18 writes", () => {
    expect(service("postgres").volumes).toEqual(["postgres-data:/var/lib/postgresql"]);
  });
});

describe("docker-compose config", () => {
  const secrets = { JWT_SECRET: "a".repeat(32), POSTGRES_PASSWORD: "b" };
  let program: ComposeProgram;

  beforeAll(async () => {
    program = await findCompose();
  });

  const config = (args: string[], env: Record<string, string>) => {
    const { PATH, LD_LIBRARY_PATH, PYTHONPATH } = program.env;
    const { status, stdout, stderr } = spawnSync(program.command, [...program.args, ...args, "config"], {
      cwd: root,
      env: { PATH, LD_LIBRARY_PATH, PYTHONPATH, ...env },
      encoding: "utf8",
    });
    return { status, stderr, read: () => parse(stdout) as Compose };
  };

  test.each([[[]], [["--profile", "monitoring"]]])("accepts the file, with %j", (args) => {
    const { status, stderr, read: resolved } = config(args, secrets);
    expect([status, stderr]).toEqual([0, ""]);
    expect(resolved().services["api-3"]?.environment).toMatchObject({
      NODE_NAME: "api-3",
      NODE_ENV: "production",
    });
  });

  test("accepts TLS beside it, which listens otherwise and brings a certificate", () => {
    const args = ["-f", "docker-compose.yml", "-f", "infra/docker/compose.tls.yml"];
    const { status, stderr, read: resolved } = config(args, { ...secrets, TLS_FOLDER: "/etc/parley/tls" });
    expect([status, stderr]).toEqual([0, ""]);
    const { volumes = [], ports = [] } = resolved().services.nginx ?? {};
    const mounted = JSON.stringify(volumes);
    expect(mounted).toContain("/etc/parley/tls");
    expect(mounted).toContain("infra/nginx/listen-tls.conf");
    expect(mounted).not.toContain("listen-plain.conf");
    expect(JSON.stringify(ports)).toContain("8443");
    expect(config(args, secrets).stderr).toContain("set TLS_FOLDER");
  });

  test.each(Object.keys(secrets))("refuses to go on without %s", (name) => {
    const { status, stderr } = config([], { ...secrets, [name]: "" });
    expect(status).not.toBe(0);
    expect(stderr).toContain(`set ${name}`);
  });
});

describe("Dockerfile", () => {
  test.each(["api", "worker", "migrate"])("%s runs as a numbered user that is not root", (target) => {
    const users = [...stage(target).matchAll(/^USER (\d+):/gm)].map((match) => Number(match[1]));
    expect(users.at(-1)).toBeGreaterThan(0);
  });

  test.each(["api", "worker"])("%s starts node itself and checks its own health", (target) => {
    expect(stage(target)).toContain(`CMD ["node", "--enable-source-maps", "apps/${target}/dist/main.js"]`);
    expect(stage(target)).toMatch(/HEALTHCHECK[\s\S]*\/healthz/);
    // Four that start at once on two busy cores need 25 s, and whoever depends on one that is "unhealthy" is not started.
    expect(stage(target)).toContain("--start-period=60s");
  });

  test("builds on node 24", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+:\S+)/gm)].map((match) => match[1]);
    expect(new Set(bases)).toEqual(new Set(["node:24-bookworm-slim"]));
  });
});

describe("what the images hold", () => {
  type Needs = { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> };
  type Pinned = { version: string };
  type Lockfile = {
    importers: Record<string, { [Kind in keyof Needs]: Record<string, Pinned> }>;
    snapshots: Record<string, Needs>;
  };
  const lockfile = parse(read("pnpm-lock.yaml")) as Lockfile;

  /** Everything that is installed with `--prod` for some of the packages here. */
  function installed(folders: string[]): Set<string> {
    const found = new Set<string>();
    const todo = folders.flatMap(needsOfFolder);
    for (let key = todo.pop(); key !== undefined; key = todo.pop()) {
      if (found.has(key)) continue;
      found.add(key);
      const { dependencies = {}, optionalDependencies = {} } = lockfile.snapshots[key] ?? {};
      const needed = Object.entries({ ...dependencies, ...optionalDependencies });
      todo.push(
        ...needed.map(([name, version]) => (version in lockfile.snapshots ? version : `${name}@${version}`)),
      );
    }
    return found;
  }

  function needsOfFolder(folder: string): string[] {
    const { dependencies = {}, optionalDependencies = {} } = lockfile.importers[folder] ?? {};
    return Object.entries({ ...dependencies, ...optionalDependencies }).flatMap(([name, { version }]) =>
      version.startsWith("link:") ? needsOfFolder(join(folder, version.slice(5))) : [`${name}@${version}`],
    );
  }

  test("is what runs, without compilers and Prisma's command line, which packages only can be accompanied by", () => {
    const names = [...installed(["apps/api", "apps/worker"])].map((key) => key.replace(/(?<=.)@.*/, ""));
    for (const needed of ["express", "@prisma/client", "bullmq", "sharp"]) expect(names).toContain(needed);
    const tools = [
      "prisma",
      "typescript",
      "@typescript/typescript-linux-x64",
      "react",
      "vite",
      "vitest",
      "turbo",
    ];
    expect(tools.filter((tool) => names.includes(tool))).toEqual([]);
    // Without it the lockfile would be refused.
    expect(dockerfile).toContain("COPY package.json pnpm-lock.yaml pnpm-workspace.yaml .pnpmfile.cjs ./");
  });
});

describe("nginx.conf", () => {
  test("balances over the api nodes that compose starts, and gives up on dead ones", () => {
    const groups = upstreams.split(/^upstream /m).slice(1);
    expect(groups.map((group) => group.split(" ")[0])).toEqual(["api", "api_sockets", "api_by_address"]);
    for (const group of groups) {
      const servers = group.matchAll(/^ {2}server (\S+):3000 resolve max_fails=(?:2 fail_timeout=5s|0);/gm);
      expect([...servers].map((match) => match[1])).toEqual(apiNodes);
      // Where WebSockets are, a failure would be remembered until one of them ends.
      expect(/^ {2}server .* max_fails=0;/m.test(group)).toBe(!group.startsWith("api "));
      expect(group).toMatch(/least_conn;|hash \$remote_addr consistent;/);
    }
    expect(service("api-1").environment?.PORT).toBe("3000");
  });

  test("is mounted with the files that it includes", () => {
    const included = [...nginx.matchAll(/include (\S+);/g)].map((match) => `/etc/nginx/${match[1]}`);
    const mounts = (service("nginx").volumes ?? []).map((volume) => volume.split(":"));
    for (const [file = ""] of mounts) expect([file, existsSync(resolve(root, file))]).toEqual([file, true]);
    expect(mounts.map(([, target]) => target).sort()).toEqual(["/etc/nginx/nginx.conf", ...included].sort());
    expect(mounts.every(([, , mode]) => mode === "ro")).toBe(true);
  });

  test("hides what is for the inside", () => {
    expect(nginx).toContain("location ~* ^/(metrics|readyz)(/|$) {");
  });

  test("outlasts two lost pings, overwrites forged addresses and logs no query", () => {
    const timeout = Number(/proxy_read_timeout (\d+)s/.exec(nginx)?.[1]);
    expect(timeout).toBeGreaterThan(2 * 25);
    expect(nginx).toContain("proxy_set_header X-Forwarded-For $remote_addr;");
    expect(nginx.match(/^\s*log_format[\s\S]*?;$/m)?.[0]).not.toMatch(/request_uri|\$request[^_]|args/);
  });
});
