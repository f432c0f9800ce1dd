export interface TokenSource {
  /** The token in use; asks for the first one. */
  get(): Promise<string>;
  /** A token other than the one that was refused. However many callers ask at once, the application is asked once. */
  refresh(refused: string): Promise<string>;
}

/** Keeps the token that the application gives. */
export function createTokenSource(ask: () => Promise<string> | string): TokenSource {
  let current: string | undefined;
  let asking: Promise<string> | undefined;

  const fetchToken = async () => {
    try {
      current = await ask();
      return current;
    } finally {
      asking = undefined;
    }
  };
  const load = () => {
    // Deferred by a turn, so that `asking` is set before a token function that throws at once clears it.
    asking ??= Promise.resolve().then(fetchToken);
    return asking;
  };

  return {
    get: () => (current === undefined ? load() : Promise.resolve(current)),
    refresh: (refused) => (current === undefined || current === refused ? load() : Promise.resolve(current)),
  };
}
