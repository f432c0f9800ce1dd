/** What a person has set for themself. */
export interface Settings {
  /** Others do not learn how far the person has read. */
  privateReading: boolean;
}

/** What holds until a person sets something. */
export const DEFAULT_SETTINGS: Settings = { privateReading: false };
