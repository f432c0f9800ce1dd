import type { ClientKind } from "../checker/client-kinds.js";
import type { ChatState } from "./client-view.js";

/** A chat of the run; its first member is its owner. */
export interface PlannedChat {
  id: string;
  /** Its name on contracts with integers. */
  number: number;
  members: string[];
  /** Users who are not in it at first and come and go. */
  guests: string[];
  /** Messages a second that its first members say besides what everybody says. */
  pulse: number;
  /** Characters of its messages. */
  textLength: number;
}

/** What one load process does. */
export interface LoadPlan {
  name: string;
  url: string;
  historyFile: string;
  seed: number;
  /** Operations a second of all its clients together. */
  rate: number;
  /** Its own clients. */
  users: Array<{ userId: string; kind: ClientKind; token: string; slow: boolean }>;
  chats: PlannedChat[];
}

/** What the run asks a load process to do; each is answered when it is done. */
export interface LoadQuestions {
  /** Connect everybody. */
  start: { ask: LoadPlan; answer: null };
  /** Begin to send. */
  work: { ask: null; answer: null };
  /** Begin nothing new, and go on trying what is under way. */
  rest: { ask: null; answer: null };
  /** Some clients stop reading for a time. */
  stall: { ask: { users: string[]; forMs: number }; answer: null };
  /** Somebody gets a fresh token, and comes back. */
  renew: { ask: { user: string; token: string }; answer: null };
  /** How many of these the server does not want any more. */
  refused: { ask: { users: string[] }; answer: number };
  /** What is still under way. */
  status: { ask: null; answer: LoadStatus };
  /** How many messages its clients do not know as they are stored. */
  compare: { ask: ChatState[]; answer: number };
  /** Disconnect, and write the history out. */
  finish: { ask: null; answer: null };
}

export interface LoadStatus {
  clients: number;
  /** Live and caught up. */
  settled: number;
  /** Sends that have no final answer yet. */
  pending: number;
}

export type LoadQuestion = {
  [Name in keyof LoadQuestions]: { n: number; name: Name; ask: LoadQuestions[Name]["ask"] };
}[keyof LoadQuestions];

export interface LoadAnswer {
  n: number;
  answer?: unknown;
  error?: string;
}
