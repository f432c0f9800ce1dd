import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { MainServer, MainServerMood, MainServerUser } from "./main-server.js";

interface State {
  token: string;
  users: Map<string, MainServerUser>;
  asked: string[];
  mood: MainServerMood;
  /** Requests that hang. */
  hanging: Set<() => void>;
  /** Requests under way by account. */
  underWay: Map<string, number>;
  mostAtOnce: number;
}

const PATH = /^\/api\/users\/([^/?]+)$/;
const DRIP_MS = 20;

/** Starts a main server with the user API that the CatChat contract describes: `GET /api/users/{account}` with a bearer token. */
export async function startMainServer({ token = "a-service-token" } = {}): Promise<MainServer> {
  const state: State = {
    token,
    users: new Map(),
    asked: [],
    mood: "well",
    hanging: new Set(),
    underWay: new Map(),
    mostAtOnce: 0,
  };
  let server = await listen(state, 0);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    users: state.users,
    asked: state.asked,
    mostAtOnce: () => state.mostAtOnce,
    waiting: () => state.hanging.size,
    behave: (mood) => {
      state.mood = mood;
      const answers = [...state.hanging];
      state.hanging.clear();
      for (const answer of answers) answer();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    start: async () => {
      server = await listen(state, port);
    },
  };
}

async function listen(state: State, port: number): Promise<Server> {
  const server = createServer((message, response) => receive(state, { message, response }));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}

interface Question {
  response: ServerResponse;
  /** As it stands in the path. */
  account: string;
  user: MainServerUser | undefined;
}

function receive(
  state: State,
  { message, response }: { message: IncomingMessage; response: ServerResponse },
): void {
  const account = PATH.exec(message.url ?? "")?.[1];
  if (message.method !== "GET" || account === undefined) {
    send(response, 405, { message: "no such call" });
  } else if (message.headers.authorization !== `Bearer ${state.token}`) {
    send(response, 401, { message: "a service token is needed" });
  } else {
    count(state, { response, account });
    answer(state, { response, account, user: state.users.get(decodeURIComponent(account)) });
  }
}

function count(state: State, { response, account }: { response: ServerResponse; account: string }): void {
  state.asked.push(account);
  const atOnce = (state.underWay.get(account) ?? 0) + 1;
  state.underWay.set(account, atOnce);
  state.mostAtOnce = Math.max(state.mostAtOnce, atOnce);
  response.on("close", () => state.underWay.set(account, (state.underWay.get(account) ?? 1) - 1));
}

function answer(state: State, question: Question): void {
  if (state.mood !== "hangs") {
    ANSWERS[state.mood](question);
    return;
  }
  const later = () => answer(state, question);
  state.hanging.add(later);
  question.response.on("close", () => state.hanging.delete(later));
}

const ANSWERS: Record<Exclude<MainServerMood, "hangs">, (question: Question) => void> = {
  well: ({ response, user }) =>
    user ? send(response, 200, user) : send(response, 404, { message: "no such account" }),
  drips: ({ response }) => trickle(response, { text: " ", everyMs: DRIP_MS }),
  floods: ({ response }) => trickle(response, { text: " ".repeat(64 * 1024), everyMs: 0 }),
  fails: ({ response }) => send(response, 500, { message: "a bug" }),
  refuses: ({ response }) => send(response, 401, { message: "a service token is needed" }),
  babbles: ({ response }) => send(response, 200, "<html>"),
  redirects: ({ response, account, user }) => {
    response.setHeader("Location", `/api/users/${account}`);
    send(response, 302, { ...user });
  },
};

/** Goes on for ever, or until the asker has had enough. */
function trickle(response: ServerResponse, { text, everyMs }: { text: string; everyMs: number }): void {
  response.writeHead(200, { "Content-Type": "application/json" });
  const timer = setInterval(() => response.write(text), everyMs);
  response.on("close", () => clearInterval(timer));
}

function send(response: ServerResponse, status: number, body: object | string): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
