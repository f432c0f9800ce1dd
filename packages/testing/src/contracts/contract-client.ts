/** What a chat is called: natively, and on contracts with integers. */
export interface ChatNames {
  id: string;
  number: number;
  isGroup: boolean;
  /** The people in it, the one who opened it first. */
  people: readonly string[];
}

/** A refusal as a contract told it; `retryAfterMs` where it says when to come again. */
export class Refused extends Error {
  constructor(
    readonly told: unknown,
    readonly retryAfterMs?: number,
  ) {
    super(`refused: ${JSON.stringify(told)}`);
  }
}

/** Somebody who uses Parley over one of its contracts. What a contract has no word for is undefined. */
export interface ContractClient {
  readonly userId: string;
  /** Becomes ready to hear what is said in a chat; a moment that most contracts need nothing for. */
  enter(chat: ChatNames): Promise<void>;
  /** The texts heard live in a chat, in the order heard. */
  heard(chat: ChatNames): string[];
  /** Says something; resolves when the contract has acknowledged it. Throws Refused. */
  say(chat: ChatNames, text: string, clientId?: string): Promise<void>;
  /** The newest texts of a chat, oldest first; of the second page on, the 200 before. Where a contract has one page, always that. Throws Refused. */
  history(chat: ChatNames, page?: number): Promise<string[]>;
  /** How many messages of a chat are unread. */
  unread?(chat: ChatNames): Promise<number>;
  read?(chat: ChatNames): Promise<void>;
  type?(chat: ChatNames): Promise<void>;
  /** Whether somebody has been seen to type. */
  sawTyping?(chat: ChatNames, userId: string): boolean;
  isOnline?(userId: string): Promise<boolean>;
  /** Sends a frame that makes no sense; resolves when its refusal was heard. */
  babble(): Promise<void>;
  /** Whether the live connection is up. */
  isConnected(): boolean;
  close(): void;
}

export interface Contract {
  name: string;
  /** Ids that fit the contract: an owner, two members and an outsider. */
  people: readonly [string, string, string, string];
  /** People of one chat: two on contracts for pairs. */
  chatSize: 2 | 3;
  connect(url: string, userId: string): Promise<ContractClient>;
  /** Opens a chat of the people, over the contract itself; the first of them asks. */
  open(url: string, people: readonly string[]): Promise<ChatNames>;
  /** Steps of the story that the contract has no word for, and why. */
  skips: Readonly<Partial<Record<StoryStep, string>>>;
}

export const STORY_STEPS = [
  "send",
  "retry",
  "history",
  "read",
  "typing",
  "presence",
  "return",
  "outsider",
  "babble",
  "rate",
] as const;

export type StoryStep = (typeof STORY_STEPS)[number];
