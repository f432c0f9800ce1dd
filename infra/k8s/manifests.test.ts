import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Manifest, render } from "./render.js";

interface Probe {
  httpGet?: { path: string; port: string };
  tcpSocket?: { port: string };
  exec?: { command: string[] };
}

interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: Array<{ name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string } } }>;
  envFrom?: Array<{ configMapRef: { name: string } }>;
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  resources: { requests: object; limits: { memory: string } };
  securityContext: object;
  volumeMounts?: Array<{ name: string; mountPath: string; readOnly?: boolean }>;
}

interface Pod {
  terminationGracePeriodSeconds?: number;
  automountServiceAccountToken: boolean;
  securityContext: { runAsNonRoot: boolean; runAsUser: number; seccompProfile: { type: string } };
  containers: Container[];
  initContainers?: Container[];
  volumes?: Array<{ name: string; persistentVolumeClaim?: { claimName: string } }>;
}

type Workload = Manifest & {
  spec: {
    replicas?: number;
    strategy?: object;
    template: { metadata: { labels: Record<string, string> }; spec: Pod };
  };
};

interface Peer {
  podSelector?: {
    matchLabels?: Record<string, string>;
    matchExpressions?: Array<{ key: string; values: string[] }>;
  };
  namespaceSelector?: { matchLabels: Record<string, string> };
  ipBlock?: { cidr: string };
}

interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: Array<{ port: number }>;
}

type Policy = Manifest & {
  spec: { podSelector: NonNullable<Peer["podSelector"]>; ingress?: Rule[]; egress?: Rule[] };
};

const root = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const OVERLAYS = ["production", "small"];
const KINDS = new Set(["Deployment", "StatefulSet", "Job"]);
/** How long an api node or a worker may take to drain: `STOP_MS` of the life cycle. */
const DRAIN_SECONDS = 30;

const all = new Map(OVERLAYS.map((name) => [name, render(resolve(import.meta.dirname, "overlays", name))]));
const migration = render(resolve(import.meta.dirname, "migration"));
const of = (overlay: string): Manifest[] => [...(all.get(overlay) ?? []), ...migration];
const workloads = (overlay: string) => of(overlay).filter(({ kind }) => KINDS.has(kind)) as Workload[];

function workload(overlay: string, name: string): Workload {
  const found = workloads(overlay).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`${overlay} has no ${name}`);
  return found;
}

function container(overlay: string, name: string): Container {
  const [first] = workload(overlay, name).spec.template.spec.containers;
  if (!first) throw new Error(`${name} has no container`);
  return first;
}

const each = OVERLAYS.flatMap((overlay) =>
  workloads(overlay).map(({ metadata }) => [overlay, metadata.name] as const),
);

describe.each(each)("%s: %s", (overlay, name) => {
  const pod = workload(overlay, name).spec.template.spec;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];

  test("is not root, can't become it, writes nowhere but to volumes, and knows nothing of Kubernetes", () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.securityContext.runAsUser).toBeGreaterThan(0);
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  test("has a version, room to work, and volumes for what it mounts", () => {
    for (const { image, resources, volumeMounts = [] } of containers) {
      expect(image).toMatch(/:\d/);
      expect(Object.keys(resources.requests).sort()).toEqual(["cpu", "memory"]);
      expect(resources.limits.memory).toMatch(/^\d+(Mi|Gi)$/);
      const claimed = JSON.stringify(
        (workload(overlay, name).spec as { volumeClaimTemplates?: object[] }).volumeClaimTemplates ?? [],
      );
      for (const { name: volume } of volumeMounts) {
        const known = pod.volumes?.some((one) => one.name === volume) || claimed.includes(`"${volume}"`);
        expect([volume, known]).toEqual([volume, true]);
      }
    }
  });

  test("holds no secret: what is one comes from one", () => {
    for (const { env = [] } of containers) {
      for (const { name: variable, value } of env) {
        if (/SECRET|KEY|PASSWORD|TOKEN|_URL$/.test(variable))
          expect([variable, value]).toEqual([variable, undefined]);
      }
    }
  });
});

describe.each(OVERLAYS)("%s", (overlay) => {
  test("has no secret in it, and its ConfigMaps hold none", () => {
    expect(of(overlay).filter(({ kind }) => kind === "Secret")).toEqual([]);
    for (const { kind, data = {}, metadata } of of(overlay)) {
      if (kind !== "ConfigMap" || metadata.name === "edge") continue;
      expect(
        Object.keys(data).filter((name) => /SECRET|PRIVATE|PASSWORD|TOKEN|ACCESS_KEY/.test(name)),
      ).toEqual([]);
    }
  });

  test.each([
    ["api", "API node"],
    ["worker", "Worker"],
  ])("gives the %s what its configuration knows, and nothing else", (name, heading) => {
    const [, after = ""] = read("docs/configuration.md").split(`## ${heading}\n`);
    const [section = ""] = after.split("\n## ");
    const variables = [...section.matchAll(/^\| `([A-Z0-9_]+)` \|.*?\|.*?\| (.*?) \|/gm)];
    const known = variables.map(([, variable]) => variable);
    const required = variables
      .filter(([, , standard]) => standard === "**required**")
      .map(([, variable]) => variable);
    const { env = [], envFrom = [] } = container(overlay, name);
    const maps = envFrom.map(({ configMapRef }) => configMapRef.name);
    const given = of(overlay).flatMap(({ kind, metadata, data = {} }) =>
      kind === "ConfigMap" && maps.includes(metadata.name) ? Object.keys(data) : [],
    );
    const names = [...env.map((one) => one.name), ...given];
    expect(known.length).toBeGreaterThan(20);
    expect(names.filter((variable) => !known.includes(variable))).toEqual([]);
    expect(required.filter((variable) => !names.includes(variable ?? ""))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(["api", "worker", "edge"])(
    "asks the %s at paths that are served, and waits for its drain",
    (name) => {
      const { startupProbe, livenessProbe, readinessProbe, lifecycle } = container(overlay, name);
      for (const probe of [startupProbe, livenessProbe, readinessProbe]) expect(probe).toBeDefined();
      const served = read("apps/api/src/http/node-router.ts");
      for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
        if (probe?.httpGet) expect(served).toContain(`router.get("${probe.httpGet.path}"`);
      }
      // Alive is not ready: without a database a node must not be started again and again.
      if (name !== "edge")
        expect([livenessProbe?.httpGet?.path, readinessProbe?.httpGet?.path]).toEqual([
          "/healthz",
          "/readyz",
        ]);
      const waits = Number(lifecycle?.preStop.exec.command[1] ?? 0);
      const { terminationGracePeriodSeconds = 30 } = workload(overlay, name).spec.template.spec;
      expect(terminationGracePeriodSeconds).toBeGreaterThan(waits + DRAIN_SECONDS);
      // nginx asks for the nodes' addresses every 5 s, and balancers outside ask nginx whether it is there.
      if (name !== "worker") expect(waits).toBeGreaterThanOrEqual(2 * 5);
    },
  );

  test("replaces one after the other, and lets machines be emptied one by one", () => {
    for (const name of ["api", "worker", "edge"]) {
      expect(workload(overlay, name).spec.strategy).toEqual({
        rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
      });
      const budget = of(overlay).find(
        ({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name === name,
      );
      const { labels } = workload(overlay, name).spec.template.metadata;
      expect(budget?.spec).toEqual({
        maxUnavailable: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": labels["app.kubernetes.io/name"] } },
      });
    }
  });

  test("selects nothing that has not that label", () => {
    const labels = workloads(overlay).map(
      ({ spec }) => spec.template.metadata.labels["app.kubernetes.io/name"],
    );
    for (const manifest of of(overlay)) {
      const selected = JSON.stringify(manifest.spec ?? {}).matchAll(/"app.kubernetes.io\/name":"(\w+)"/g);
      for (const [, label] of selected) expect(labels).toContain(label);
    }
  });

  test("finds the api nodes by the name that nginx asks for", () => {
    const service = of(overlay).find(({ kind, metadata }) => kind === "Service" && metadata.name === "api");
    expect(service?.spec).toMatchObject({ clusterIP: "None", ports: [{ port: 3000 }] });
    const { data = {} } =
      of(overlay).find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "edge") ?? {};
    const servers = [...(data["upstreams.conf"] ?? "").matchAll(/^ {2}server (\S+) resolve/gm)].map(
      ([, server]) => server,
    );
    expect(servers).toEqual(Array(3).fill(`api.${service?.metadata.namespace}.svc.cluster.local:3000`));
    const included = [...(data["nginx.conf"] ?? "").matchAll(/^ *include (\S+);/gm)].map(([, file]) => file);
    const mounted = container(overlay, "edge").volumeMounts?.map(({ mountPath }) => mountPath);
    for (const file of ["nginx.conf", ...included]) {
      expect(Object.keys(data)).toContain(file);
      expect(mounted).toContain(`/etc/nginx/${file}`);
    }
    expect(data["listen.conf"]).toContain("listen 8443 ssl");
  });

  test("lets through what is needed and nothing else", () => {
    const policies = of(overlay).filter(({ kind }) => kind === "NetworkPolicy") as Policy[];
    const closed = policies.find(({ metadata }) => metadata.name === "nothing-else");
    expect(closed?.spec).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const ways = policies.flatMap(waysOf).toSorted();
    const outside = { production: "10.20.0.0/24", small: undefined }[overlay];
    const data = (who: string) =>
      outside === undefined
        ? [`${who} → postgres 5432`, ...(who === "migrate" ? [] : [`${who} → redis 6379`])]
        : (who === "migrate" ? [5432] : [5432, 6432, 6379, 26379]).map(
            (port) => `${who} → ${outside} ${port}`,
          );
    const inside =
      outside === undefined ? ["api, worker, migrate ⇒ postgres 5432", "api, worker ⇒ redis 6379"] : [];
    expect(ways).toEqual(
      [
        "all → kube-system 53",
        "everybody ⇒ edge 8080",
        "everybody ⇒ edge 8443",
        "edge → api 3000",
        "edge, monitoring ⇒ api 3000",
        "monitoring ⇒ worker 3000",
        "api → everybody 443",
        "worker → everybody 443",
        ...["api", "worker", "migrate"].flatMap(data),
        ...inside,
      ].toSorted(),
    );
  });
});

test("the autoscaler looks at a metric that the nodes have, below what a node takes, and has nobody against it", () => {
  const { spec } = of("production").find(({ kind }) => kind === "HorizontalPodAutoscaler") as unknown as {
    spec: {
      minReplicas: number;
      metrics: Array<{ pods?: { metric: { name: string }; target: { averageValue: string } } }>;
    };
  };
  const { metric, target } = spec.metrics[0]?.pods ?? {};
  expect(read("docs/metrics.md")).toContain(`| \`${metric?.name}\` | gauge |`);
  const [, most] = /`MAX_CONNECTIONS` \| integer \| `(\d+)`/.exec(read("docs/configuration.md")) ?? [];
  expect(Number(target?.averageValue)).toBeLessThan(Number(most) * 0.75);
  expect(spec.minReplicas).toBeGreaterThan(2);
  expect(workload("production", "api").spec.replicas).toBeUndefined();
});

test("the migration comes first, with a secret of its own, and the script waits for its end", () => {
  const { env = [] } = container("production", "migrate");
  expect(env.map(({ name, valueFrom }) => [name, valueFrom?.secretKeyRef?.name])).toEqual([
    ["DATABASE_URL", "parley-migration"],
  ]);
  const script = read("infra/k8s/deploy.sh");
  const order = [
    "notin (api, worker, edge)",
    'rollout status "$database"',
    "delete job migrate",
    "/migration",
    "get job migrate",
    'apply --kustomize "$overlay"',
    'rollout status "deployment/',
  ];
  const places = order.map((step) => script.indexOf(step));
  expect(places).toEqual(places.toSorted((one, other) => one - other));
  expect(places[0]).toBeGreaterThan(0);
  expect(spawnSync("sh", ["-n", resolve(root, "infra/k8s/deploy.sh")]).status).toBe(0);
});

const kubectl = spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" }).status === 0;
if (!kubectl)
  process.stdout.write(
    "There is no kubectl here, so nothing compares render.ts with it; all else is tested.\n",
  );

describe.each(["overlays/production", "overlays/small", "migration"])("%s", (folder) => {
  test(`is put together ${kubectl ? "as kubectl does it" : "without kubectl (install it to compare)"}`, () => {
    const here = resolve(import.meta.dirname, folder);
    const own = sorted(render(here));
    expect(own.length).toBeGreaterThan(0);
    if (!kubectl) return;
    const { stdout, stderr, status } = spawnSync("kubectl", ["kustomize", here], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    const digests = /"(parley|parley-api|parley-worker|edge)-[0-9a-z]{10}"/g;
    const text = JSON.stringify(parseAllDocuments(stdout).map((document) => document.toJS())).replace(
      digests,
      '"$1"',
    );
    expect(sorted(JSON.parse(text) as Manifest[])).toEqual(own);
  });
});

/** In one order, lists of named things too: kubectl puts what a patch adds first. */
function sorted(manifests: Manifest[]): unknown[] {
  const order = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const named = value.every((one) => typeof one === "object" && one !== null && "name" in one);
      const items = value.map(order);
      return named
        ? items.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
        : items;
    }
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(fields.map(([field, inner]) => [field, order(inner)]));
  };
  const names = manifests.map((manifest) => ({
    key: `${manifest.kind}/${manifest.metadata.name}`,
    manifest: order(manifest),
  }));
  return names.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map(({ manifest }) => manifest);
}

/** Each way that a policy opens: `a → b port` out of a, `a ⇒ b port` into b. */
function waysOf({ spec }: Policy): string[] {
  const selected = namesOf({ podSelector: spec.podSelector });
  const ports = ({ ports: list = [] }: Rule) => [...new Set(list.map(({ port }) => port))];
  const out = (spec.egress ?? []).flatMap((rule) =>
    selected.flatMap((from) =>
      peers(rule.to).flatMap((to) => ports(rule).map((port) => `${from} → ${to} ${port}`)),
    ),
  );
  const into = (spec.ingress ?? []).flatMap((rule) =>
    selected.flatMap((to) => ports(rule).map((port) => `${peers(rule.from).join(", ")} ⇒ ${to} ${port}`)),
  );
  return [...out, ...into];
}

function peers(list: Peer[] | undefined): string[] {
  return list?.flatMap(namesOf) ?? ["everybody"];
}

function namesOf({ podSelector, namespaceSelector, ipBlock }: Peer): string[] {
  if (ipBlock) return [ipBlock.cidr];
  if (namespaceSelector) return Object.values(namespaceSelector.matchLabels);
  const expressions = podSelector?.matchExpressions?.flatMap(({ values }) => values) ?? [];
  const names = [...Object.values(podSelector?.matchLabels ?? {}), ...expressions];
  return names.length > 0 ? names : ["all"];
}
