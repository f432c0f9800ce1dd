import type { AlertCode } from "./alert-guide.js";

/** A condition that holds. */
export interface AlertFinding {
  code: AlertCode;
  since: Date;
  /** The node, queue, job or push service that it is about; `cluster`. */
  subject: string;
  summary: string;
}
