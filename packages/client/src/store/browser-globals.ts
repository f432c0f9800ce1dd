// The few parts of the browser that are used, so that the package needs no DOM types and works where they are missing.

interface Handlers {
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface DatabaseRequest<Result> extends Handlers {
  result: Result;
  error: Error | null;
}

export interface OpenRequest extends DatabaseRequest<Database> {
  onupgradeneeded: (() => void) | null;
}

interface ObjectStore {
  getAll(): DatabaseRequest<unknown[]>;
  getAllKeys(): DatabaseRequest<unknown[]>;
  put(value: unknown, key: string): unknown;
  delete(key: string): unknown;
}

export interface DatabaseTransaction {
  objectStore(name: string): ObjectStore;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  error: Error | null;
}

export interface Database {
  createObjectStore(name: string): unknown;
  transaction(name: string, mode: "readonly" | "readwrite"): DatabaseTransaction;
  close(): void;
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

interface Channel {
  postMessage(note: unknown): void;
  close(): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

interface BrowserGlobals {
  indexedDB?: { open(name: string, version: number): OpenRequest };
  BroadcastChannel?: new (name: string) => Channel;
  navigator?: {
    locks?: {
      request(name: string, options: { signal: AbortSignal }, held: () => Promise<void>): Promise<void>;
    };
  };
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}

/** What of the browser is there. */
export function browserGlobals(): BrowserGlobals {
  return globalThis as unknown as BrowserGlobals;
}
