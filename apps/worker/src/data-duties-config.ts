import { wholeNumber } from "@parley/platform";
import { z } from "zod";

/** Configuration of exports, erasures and the audit log. */
export const dataDutiesConfigFields = {
  EXPORT_KEPT_HOURS: wholeNumber(1, 8_760).default(72).meta({
    description: "Time for which the export of a person's data can be downloaded; then it is deleted.",
  }),
  ERASURE_SETTLE_SECONDS: wholeNumber(0, 3_600).default(30).meta({
    description:
      "Time between shutting a person out and the last look for what they still had under way; every node must have learned of it by then, which takes 10 s at most.",
  }),
  AUDIT_KEPT_DAYS: keptDays()
    .default(0)
    .meta({ description: "Days after which entries of the audit log are forgotten; 0: never." }),
  REFUSED_LOGINS_KEPT_DAYS: keptDays().default(90).meta({
    description:
      "Days after which refused logins, which hold addresses, are forgotten in the audit log; 0: with the other entries.",
  }),
};

function keptDays() {
  const form = "must be 0 or a whole number of days from 30 to 36500";
  return z.coerce
    .number(form)
    .int()
    .min(0)
    .max(36_500)
    .refine((days) => days === 0 || days >= 30, form);
}
