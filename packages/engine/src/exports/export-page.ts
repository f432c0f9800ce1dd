import type { Engine } from "../engine.js";

/** Some of what is a person's, and where to go on after it; `next` null: that was all of its kind. */
export interface ExportPage {
  rows: readonly object[];
  /** Of the same kind as another section's, where the rows are not this section's own. */
  also?: { section: string; rows: readonly object[] };
  next: string | null;
}

export type ReadSection = (
  engine: Engine,
  input: { userId: string; after: string | undefined },
) => Promise<ExportPage>;
