import { SCENARIOS, type ScenarioName } from "./scenarios.js";

export interface ChaosOptions {
  scenarios: ScenarioName[];
  /** How long things are broken in each scenario, where that is not part of it. */
  minutes: number;
  clients: number;
  /** Operations a second of all clients together. */
  rate: number;
  seed: number;
  catchUp: boolean;
  /** Clients come through the nginx of `infra/nginx`, with TLS, instead of the built-in load balancer. */
  behindNginx: boolean;
  /** Shortens what scenarios do for a fixed time. */
  short: boolean;
}

/** A fault in what was asked for: one sentence for the person at the terminal. */
class OptionFault extends Error {
  override readonly name = "LocalFault";
}

const DEFAULTS = { minutes: 1, clients: 200, rate: 40 };
const USAGE = `npm run chaos -- [--scenario <name,…>] [--minutes <m>] [--clients <n>] [--rate <operations/s>] [--seed <s>] [--catch-up off] [--balancer nginx]`;

/** Reads the command line; what is left out has a default, and the seed is then a new one. */
export function readChaosOptions(args: readonly string[]): ChaosOptions {
  const given = readPairs(args);
  const number = (name: keyof typeof DEFAULTS, least: number) => {
    const value = Number(given.get(name) ?? DEFAULTS[name]);
    if (!(value >= least)) throw new OptionFault(`--${name} must be a number from ${least} on: ${USAGE}`);
    return value;
  };
  const seed = Number(given.get("seed") ?? Math.floor(Math.random() * 1e9));
  if (!Number.isInteger(seed)) throw new OptionFault(`--seed must be a whole number: ${USAGE}`);
  const catchUp = given.get("catch-up") ?? "on";
  if (catchUp !== "on" && catchUp !== "off") throw new OptionFault(`--catch-up is on or off: ${USAGE}`);
  const balancer = given.get("balancer") ?? "built-in";
  if (balancer !== "built-in" && balancer !== "nginx") {
    throw new OptionFault(`--balancer is built-in or nginx: ${USAGE}`);
  }
  return {
    scenarios: readScenarios(given.get("scenario")),
    minutes: number("minutes", 0.05),
    clients: Math.floor(number("clients", 10)),
    rate: number("rate", 0.1),
    seed,
    catchUp: catchUp === "on",
    behindNginx: balancer === "nginx",
    short: false,
  };
}

const NAMES = new Set(["scenario", "minutes", "clients", "rate", "seed", "catch-up", "balancer"]);

function readPairs(args: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  for (let place = 0; place < args.length; place += 2) {
    const name = args[place]?.replace(/^--/, "") ?? "";
    const value = args[place + 1];
    if (!args[place]?.startsWith("--") || !NAMES.has(name) || value === undefined) {
      throw new OptionFault(`"${args[place]}" can't be understood: ${USAGE}`);
    }
    given.set(name, value);
  }
  return given;
}

function readScenarios(list: string | undefined): ScenarioName[] {
  const all = Object.keys(SCENARIOS) as ScenarioName[];
  if (list === undefined || list === "all") return all;
  return list.split(",").map((name) => {
    const known = all.find((candidate) => candidate === name);
    if (known === undefined)
      throw new OptionFault(`There is no scenario "${name}"; there are ${all.join(", ")}.`);
    return known;
  });
}
