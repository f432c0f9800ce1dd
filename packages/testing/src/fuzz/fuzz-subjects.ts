import { catchatSubject } from "./catchat-subject.js";
import type { FuzzSubject } from "./fuzz-subject.js";
import { gatewaySubject } from "./gateway-subject.js";
import { kelisimSubject } from "./kelisim-subject.js";
import { matchaSubject } from "./matcha-subject.js";

/** The contracts of raw sockets that a node speaks. */
export const FUZZ_SUBJECTS: readonly FuzzSubject[] = [
  matchaSubject,
  kelisimSubject,
  gatewaySubject,
  catchatSubject,
];
