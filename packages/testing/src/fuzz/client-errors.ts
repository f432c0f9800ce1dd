import { ERROR_CODES, ERROR_KINDS, type ErrorCode } from "@parley/contracts";

/** Kinds that say that the one who asks has to ask for something else. */
const STATUSES = Object.values(ERROR_KINDS).filter((status) => status < 500 && status !== 429);

export const clientErrorStatuses: readonly number[] = STATUSES;

/** Codes of the same; neither of the server's own trouble nor of its limits, which the tests lift. */
export const clientErrorCodes: readonly string[] = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) =>
  clientErrorStatuses.includes(ERROR_KINDS[ERROR_CODES[code].kind]),
);
