import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import type { LoadAnswer, LoadQuestions } from "./load-protocol.js";

const ANSWER_MS = 60_000;

interface Waiting {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

/** A process of clients, away from the one that runs the cluster, so that neither holds the other up. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #questions = 0;

  /** @param env What its environment has besides this process's own. */
  constructor(root: string, env: NodeJS.ProcessEnv = {}) {
    // Compiled, also when this file runs from its source.
    this.#child = fork(path.join(root, "packages/testing/dist/chaos/load-main.js"), [], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [],
      env: { ...process.env, ...env },
    });
    this.#child.on("message", (answer: LoadAnswer) => this.#take(answer));
    this.#child.on("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`a load process ended (${signal ?? code})`));
    });
  }

  ask<Name extends keyof LoadQuestions>(
    name: Name,
    question: LoadQuestions[Name]["ask"],
  ): Promise<LoadQuestions[Name]["answer"]> {
    const n = ++this.#questions;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`a load process did not answer: ${name}`)), ANSWER_MS);
      const settle = () => {
        clearTimeout(late);
        this.#waiting.delete(n);
      };
      this.#waiting.set(n, {
        resolve: (answer) => {
          settle();
          resolve(answer as LoadQuestions[Name]["answer"]);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#child.send({ n, name, ask: question });
    });
  }

  /** Ends it, finished or not. */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  #take({ n, answer, error }: LoadAnswer): void {
    const waiting = this.#waiting.get(n);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }
}
