import { Load } from "./load.js";
import type { LoadAnswer, LoadQuestion } from "./load-protocol.js";

/** One load process: answers what the run asks over the channel to its parent, and ends with it. */

let load: Load | undefined;

async function answer(question: LoadQuestion): Promise<unknown> {
  if (question.name === "start") {
    load = await Load.open(question.ask);
    return load.start();
  }
  if (load === undefined) throw new Error("the load has not been started");
  switch (question.name) {
    case "work":
      return load.work();
    case "rest":
      return load.rest();
    case "stall":
      return load.stall(question.ask);
    case "renew":
      return load.renew(question.ask);
    case "refused":
      return load.refused(question.ask);
    case "status":
      return load.status();
    case "compare":
      return load.compare(question.ask);
    case "finish":
      return load.finish();
  }
}

process.on("message", (question: LoadQuestion) => {
  const { n } = question;
  answer(question).then(
    (given) => process.send?.({ n, answer: given ?? null } satisfies LoadAnswer),
    (error) => process.send?.({ n, error: String(error?.stack ?? error) } satisfies LoadAnswer),
  );
});
process.on("disconnect", () => process.exit(0));
// The run decides when it is over, also when a terminal tells everybody.
process.on("SIGINT", () => undefined);
