/** Which part may import which. A part that is missing here fails the check. */
export const arrows = {
  "apps/web": ["packages/client", "packages/contracts"],
  "apps/api": ["packages/engine", "packages/dialects", "packages/platform", "packages/contracts"],
  "apps/worker": ["packages/engine", "packages/platform", "packages/contracts"],
  "packages/client": ["packages/contracts"],
  "packages/contracts": [],
  "packages/dialects": ["packages/engine", "packages/contracts"],
  "packages/engine": ["packages/contracts"],
  "packages/platform": [],
};

/** Development only: may import anything. */
export const testingPart = "packages/testing";

const tests = "\\.test\\.tsx?$";
const anyPart = "^(apps|packages)/([^/]+)/";
const localStack = "^packages/platform/src/local/";
const npmTypes = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"];

/** Matches npm packages where they resolved to, and by bare name where they did not. */
const npm = (...names) => `(^|/node_modules/|^node_modules/)(${names.join("|")})(/|$)`;

const forbid = (name, comment, { from, to }) => ({ name, comment, severity: "error", from, to });

const arrowRules = Object.entries(arrows).map(([part, allowed]) =>
  forbid(
    `arrows-of-${part.split("/")[1]}`,
    `${part} may import ${allowed.map((name) => name.split("/")[1]).join(", ") || "no other part"}`,
    {
      from: { path: `^${part}/` },
      to: {
        path: anyPart,
        pathNot: [part, ...allowed, testingPart, "packages/client"].map((path) => `^${path}/`),
      },
    },
  ),
);

const developmentRules = [
  forbid("testing-only-in-tests", "packages/testing is imported only by *.test.ts files", {
    from: { pathNot: [tests, `^${testingPart}/`] },
    to: { path: `^${testingPart}/` },
  }),
  forbid("client-only-in-web-and-tests", "packages/client is for apps/web and for tests", {
    from: { path: anyPart, pathNot: [tests, "^apps/web/", "^packages/client/", `^${testingPart}/`] },
    to: { path: "^packages/client/" },
  }),
  forbid("local-stack-stays-local", "what runs in production does not start its own Postgres and Redis", {
    from: { path: anyPart, pathNot: [tests, `^${testingPart}/`, localStack] },
    to: { path: localStack },
  }),
  forbid("no-development-dependency", "what runs in production must not need a devDependency", {
    from: { path: anyPart, pathNot: [tests, `^${testingPart}/`, localStack, "\\.config\\.ts$"] },
    to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm"] },
  }),
];

const npmRules = [
  forbid("contracts-need-only-zod", "packages/contracts runs in browsers too: zod and nothing else", {
    from: { path: "^packages/contracts/", pathNot: tests },
    to: { dependencyTypes: [...npmTypes, "core"], pathNot: npm("zod") },
  }),
  forbid("engine-owns-prisma", "packages/engine is the only importer of Prisma", {
    from: { path: anyPart, pathNot: "^packages/engine/" },
    to: { path: npm("@prisma/[^/]+", "prisma") },
  }),
  forbid("engine-owns-pg", "the engine owns the pool; platform only probes and starts Postgres", {
    from: {
      path: anyPart,
      pathNot: ["^packages/engine/", `^${testingPart}/`, "^packages/platform/src/(health|local)\\b"],
    },
    to: { path: npm("pg") },
  }),
  forbid("engine-knows-no-transport", "the engine is handed ports: no HTTP, no sockets, no Redis, no queue", {
    from: { path: "^packages/engine/" },
    to: {
      path: [
        npm(
          "express",
          "socket\\.io[^/]*",
          "@socket\\.io/[^/]+",
          "ws",
          "ioredis",
          "redis",
          "bullmq",
          "undici",
        ),
        "^(http|https|http2|node:http|node:https|node:http2)$",
      ],
    },
  }),
];

const innerRules = [
  forbid("http-is-blind-to-realtime", "inside apps/api, http/ does not see realtime/", {
    from: { path: "^apps/api/src/http/" },
    to: { path: "^apps/api/src/realtime/" },
  }),
  forbid("realtime-is-blind-to-http", "inside apps/api, realtime/ does not see http/", {
    from: { path: "^apps/api/src/realtime/" },
    to: { path: "^apps/api/src/http/" },
  }),
  forbid("dialects-are-strangers", "no dialect sees another", {
    from: { path: "^packages/dialects/src/([^/]+)/" },
    to: { path: "^packages/dialects/src/[^/]+/", pathNot: "^packages/dialects/src/$1/" },
  }),
  forbid("parts-by-name", "another part is imported by its package name, never by a relative path", {
    from: { path: anyPart },
    to: { path: anyPart, pathNot: "^$1/$2/", dependencyTypes: ["local"] },
  }),
  forbid("no-cycles", "files that need each other are one file, or need a third", {
    from: { path: anyPart },
    to: { circular: true },
  }),
  forbid("no-unresolvable", "an import that does not resolve is an import that no rule checks", {
    from: { path: anyPart, pathNot: "^packages/engine/src/generated/" },
    to: { couldNotResolve: true },
  }),
];

export const boundaryRules = [...arrowRules, ...developmentRules, ...npmRules, ...innerRules];
