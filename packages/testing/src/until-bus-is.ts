import { until } from "./until.js";

/** Waits until a node says that the bus between the nodes works, or that it does not. */
export async function untilBusIs(url: string, ok: boolean): Promise<void> {
  await until(async () => (await isBusUp(url)) === ok, `the bus of ${url} is ${ok ? "back" : "gone"}`);
}

/** What a node says of the bus between the nodes. */
export async function isBusUp(url: string): Promise<boolean> {
  const answer = (await (await fetch(`${url}/readyz`)).json()) as { dependencies: { bus: { ok: boolean } } };
  return answer.dependencies.bus.ok;
}
