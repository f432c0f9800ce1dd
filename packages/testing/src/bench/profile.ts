import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { until } from "../until.js";
import { type Rival, type Rivals, startRivals } from "./compare/rivals.js";
import { type Contestant, connectRooms, type Round, runRound } from "./compare/rounds.js";
import { type CpuShare, cpuShares } from "./profile/cpu-shares.js";
import {
  COUNT_STATEMENTS,
  countStatements,
  type StatementCounter,
  type StatementTime,
} from "./profile/statement-times.js";

/**
 * What a message's CPU is used for: the nodes' by package and folder, Postgres' by statement. Profiling itself costs, so the totals are higher than those of
 * `npm run bench`; the shares count. Run it with `npm run bench:profile`; `-- --rival relay` looks at the relay that stores nothing.
 */

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "2" },
    rooms: { type: "string", default: "200" },
    "in-flight": { type: "string", default: "256" },
    seconds: { type: "string", default: "5" },
    rival: { type: "string", default: "parley" },
    /** Folder that keeps the profiles, for Chrome's developer tools; a temporary one when left out. */
    keep: { type: "string" },
  },
});

const WARM_ROUNDS = 3;

async function main(): Promise<void> {
  const folder = values.keep ?? mkdtempSync(path.join(tmpdir(), "parley-profile-"));
  mkdirSync(folder, { recursive: true });
  process.env.PARLEY_PROFILE_DIR = folder;
  const rivals = await startRivals({
    postgresSettings: COUNT_STATEMENTS,
    preload: new URL("profile-on-signal.js", import.meta.url),
  });
  try {
    const rival = rivals[values.rival === "relay" ? "relay" : "parley"];
    const contestant = await connectRooms(rival, {
      size: Number(values.size),
      rooms: Number(values.rooms),
      inFlight: Number(values["in-flight"]),
    });
    for (let round = 0; round < WARM_ROUNDS; round++) await measure(rivals, contestant);
    await profile({ rivals, contestant, folder });
    await contestant.generator.stop();
  } finally {
    await rivals.stop();
    if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function measure(rivals: Rivals, contestant: Contestant): Promise<Round> {
  const windowMs = Number(values.seconds) * 1_000;
  return runRound(rivals, contestant, {
    type: "closed",
    inFlight: Number(values["in-flight"]),
    warmUpMs: 0,
    windowMs,
  });
}

async function profile(context: { rivals: Rivals; contestant: Contestant; folder: string }): Promise<void> {
  const statements = await countStatements(context.rivals.databaseUrl);
  try {
    await measureProfiled({ ...context, statements });
  } finally {
    await statements.close();
  }
}

async function measureProfiled(context: {
  rivals: Rivals;
  contestant: Contestant;
  folder: string;
  statements: StatementCounter;
}): Promise<void> {
  const { rivals, contestant, folder, statements } = context;
  await statements.reset();
  signal(contestant.rival);
  const round = await measure(rivals, contestant);
  signal(contestant.rival);
  const files = () => readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  await until(() => files().length === contestant.rival.pids.length, "the profiles are written");
  const profiles = files().map((name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")));
  console.log(report({ round, shares: cpuShares(profiles), statements: await statements.read() }));
}

function signal({ pids }: Rival): void {
  for (const pid of pids) process.kill(pid, "SIGPWR");
}

function report(found: { round: Round; shares: CpuShare[]; statements: StatementTime[] }): string {
  const { round, shares, statements } = found;
  const each = (us: number) => (us / round.sent).toFixed(1);
  const all = shares.reduce((sum, { us }) => sum + us, 0);
  return [
    `${round.sendsPerSecond.toFixed(0)} sends/s; CPU in µs per message: ${Object.entries(round.cpu)
      .map(([name, us]) => `${name} ${us.toFixed(0)}`)
      .join(", ")}`,
    "",
    "| the nodes' time | µs per message | share |",
    "|---|---:|---:|",
    ...shares
      .filter(({ us }) => us > all / 100)
      .map(({ place, us }) => `| ${place} | ${each(us)} | ${((us / all) * 100).toFixed(0)} % |`),
    "",
    "| Postgres' time, waits included | µs per message | calls per message | |",
    "|---|---:|---:|---|",
    ...statements.map(
      ({ text, us, calls, outer }) =>
        `| \`${text.replaceAll("|", "\\|").slice(0, 110)}\` | ${each(us)} | ${(calls / round.sent).toFixed(3)} | ${outer ? "" : "within"} |`,
    ),
  ].join("\n");
}

await main();
