import { browserGlobals, type Database, type DatabaseRequest } from "./browser-globals.js";
import type { Store, StoreMember, StoreMembership } from "./store.js";

const VALUES = "values";

/**
 * Keeps things in the browser, across reloads and for all tabs of the origin. The tabs elect one that sends, with Web Locks, and
 * tell each other with a BroadcastChannel; without these, every tab sends, and the server answers twins with the first.
 */
export function indexedDbStore(name: string): Store {
  let opening: Promise<Database> | undefined;
  let current: Database | undefined;

  const forget = () => {
    opening = undefined;
    current = undefined;
  };
  const database = () => {
    opening ??= openDatabase(name, forget).then((opened) => {
      current = opened;
      return opened;
    });
    opening.catch(forget);
    return opening;
  };

  return {
    load: async () => readAll(await database()),
    save: async (changes) => writeAll(await database(), changes),
    join: (member) => joinTabs(name, member),
    close: () => {
      current?.close();
      forget();
    },
  };
}

async function openDatabase(name: string, onGone: () => void): Promise<Database> {
  const { indexedDB } = browserGlobals();
  if (indexedDB === undefined) throw new Error("there is no IndexedDB here");
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(VALUES);
  const database = await answer(request);
  // Another tab deletes the database, or the browser takes it away: it is opened anew when it is needed.
  database.onversionchange = () => {
    database.close();
    onGone();
  };
  database.onclose = onGone;
  return database;
}

async function readAll(database: Database): Promise<Array<[string, unknown]>> {
  const values = database.transaction(VALUES, "readonly").objectStore(VALUES);
  const [keys, all] = await Promise.all([answer(values.getAllKeys()), answer(values.getAll())]);
  return keys.map((key, index) => [String(key), all[index]]);
}

function writeAll(database: Database, changes: ReadonlyArray<readonly [string, unknown]>): Promise<void> {
  const transaction = database.transaction(VALUES, "readwrite");
  const values = transaction.objectStore(VALUES);
  for (const [key, value] of changes) {
    if (value === undefined) values.delete(key);
    else values.put(value, key);
  }
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
  });
}

function answer<Result>(request: DatabaseRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the database did not answer"));
  });
}

function joinTabs(name: string, member: StoreMember): StoreMembership {
  const { BroadcastChannel, navigator } = browserGlobals();
  const channel = BroadcastChannel === undefined ? undefined : new BroadcastChannel(`parley ${name}`);
  if (channel !== undefined) channel.onmessage = (event) => member.hear(event.data);
  const given = new AbortController();
  let release = () => given.abort();
  if (navigator?.locks === undefined) {
    queueMicrotask(() => given.signal.aborted || member.lead(false));
  } else {
    const hold = () =>
      new Promise<void>((resolve) => {
        release = resolve;
        member.lead(true);
      });
    // Rejects when this tab leaves before its turn came.
    navigator.locks.request(`parley ${name}`, { signal: given.signal }, hold).catch(() => undefined);
  }
  return {
    tell: (note) => channel?.postMessage(note),
    leave: () => {
      release();
      channel?.close();
    },
  };
}
