/** The part of the Web Locks API that the client uses, for tests in Node. */
export function createFakeLocks() {
  const queues = new Map<string, Promise<void>>();
  return {
    request: async (name: string, options: { signal: AbortSignal }, held: () => Promise<void>) => {
      const before = queues.get(name) ?? Promise.resolve();
      const mine = before.then(() => (options.signal.aborted ? undefined : held()));
      queues.set(name, mine);
      await mine;
    },
  };
}
