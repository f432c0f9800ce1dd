import { type RestClient, restClient } from "../rest-client.js";

/** Looks through the API at everything, as an operator. */
export function operator(url: string): RestClient {
  return restClient(url, { userId: "operator", role: "admin" });
}

/** Works on many things, a few at a time, and keeps their order. */
export async function inTurns<Thing, Result>(
  things: readonly Thing[],
  work: (thing: Thing) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let place = next++; place < things.length; place = next++) {
      results[place] = await work(things[place] as Thing);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

const AT_ONCE = 8;
