/** What is encrypted, and what its headers follow from. */
export interface PlainPush {
  /** The subscription's public key and secret, in base64url. */
  p256dh: string;
  auth: string;
  payload: string;
  /** Seconds for which the service keeps what it can't deliver. */
  ttlSeconds: number;
  urgency: PushUrgency;
  topic?: string | undefined;
}

export type PushUrgency = "very-low" | "low" | "normal" | "high";

/** What is sent. */
export interface EncryptedPush {
  /** Names and values in turns, all but the authorisation. */
  headers: string[];
  body: Uint8Array;
}

/** The push itself can't be encrypted: its subscription's keys are no keys. */
export class EncryptionRefused extends Error {}

/** Nothing is wrong with the push, but nobody is there to encrypt it now. */
export class EncryptionUnavailable extends Error {}

export interface Encryption {
  /** Rejects with `EncryptionRefused` or `EncryptionUnavailable`. */
  encrypt(push: PlainPush): Promise<EncryptedPush>;
  close(): Promise<void>;
}
