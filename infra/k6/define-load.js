import exec from "k6/execution";
import { contracts } from "./contracts/contracts.js";
import { describeResult } from "./describe-result.js";
import { planChats } from "./plan-chats.js";
import { readSettings } from "./read-settings.js";
import { thresholdsOf } from "./thresholds-of.js";
import { visitChat } from "./visit-chat.js";

/**
 * What a k6 script exports, for one scenario: `shape` gives the executor's options of the settings, `plan` what a visit does, of the settings and
 * the moment in which the scenario began; `contractNames` who takes part.
 */
export function defineLoad({ name, defaults, shape, contractNames = ["native"], plan = planVisit }) {
  const settings = readSettings(__ENV, defaults);
  const spoken = contracts.filter((contract) => contractNames.includes(contract.name));
  const graceSeconds = settings.sessionSeconds + (3 * settings.patienceMs) / 1_000;
  const shaped = shape(settings);
  return {
    options: {
      scenarios: {
        [name]: { ...shaped, gracefulStop: `${graceSeconds}s`, ...rampDown(shaped, graceSeconds) },
      },
      thresholds: thresholdsOf(settings, contractNames),
      setupTimeout: "5m",
      summaryTrendStats: ["avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"],
    },
    setup: () => openChats(settings, spoken),
    visit: async (chats) => {
      const { id, chat, contract, userId } = seatOf(chats, spoken);
      const startedAt = exec.scenario.startTime;
      await visitChat({ settings, contract, chat, userId, id }, plan(settings, startedAt));
    },
    handleSummary: (data) => ({
      stdout: describeResult(name, data),
      ...(settings.resultFile ? { [settings.resultFile]: JSON.stringify(data) } : {}),
    }),
  };
}

/** As long as a session lasts, and not past the end of the run. */
export function planVisit({ sessionSeconds, durationSeconds }, startedAt) {
  const sessionEnd = Date.now() + sessionSeconds * 1_000;
  return { endAt: Math.min(sessionEnd, Math.max(startedAt + durationSeconds * 1_000, Date.now() + 1_000)) };
}

function rampDown({ executor }, seconds) {
  return executor === "ramping-vus" ? { gracefulRampDown: `${seconds}s` } : {};
}

/** Ids that no other run has, and that every contract can read: integers. */
async function openChats(settings, spoken) {
  for (const name of [
    "jwtSecret",
    ...(spoken.some(({ name }) => name === "gateway") ? ["gatewaySecret"] : []),
  ]) {
    if (!settings[name])
      throw new Error(`${VARIABLES[name]} is not set: it must be the one of ${settings.baseUrl}.`);
  }
  const base = Date.now() * 1_000;
  const chats = [];
  for (const { contract: name, seats } of planChats({ ...settings, contracts: spoken })) {
    const contract = spoken.find((one) => one.name === name);
    const people = seats.map((seat) => String(base + seat));
    chats.push({ contract: name, seats, people, chat: await contract.openChat(settings, people) });
  }
  return chats;
}

const VARIABLES = { jwtSecret: "JWT_SECRET", gatewaySecret: "GATEWAY_SECRET" };

function seatOf(chats, spoken) {
  const id = exec.vu.idInTest;
  const { contract: name, seats, people, chat } = chats.find((planned) => planned.seats.includes(id));
  return {
    id,
    chat,
    contract: spoken.find((contract) => contract.name === name),
    userId: people[seats.indexOf(id)],
  };
}
