/** One line of a chart. Null where there is no value: the line has a hole there. */
export interface Series {
  name: string;
  values: readonly (number | null)[];
  /** Counts what should not be: drawn in the colour of trouble. */
  isBad?: boolean;
}

/** The colour of a line, by its place among the others. */
export function hueClass(position: number, isBad = false): string {
  return isBad ? "of-3" : `of-${position + 1}`;
}

/** The runs of neighbouring points that have a value, by index. */
export function runsOf(values: readonly (number | null)[]): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) {
      if (run.length > 0) runs.push(run);
      run = [];
    } else {
      run.push(index);
    }
  }
  return run.length > 0 ? [...runs, run] : runs;
}

/** The newest value that there is. */
export function latestOf(values: readonly (number | null)[]): number | undefined {
  return values.findLast((value) => value !== null) ?? undefined;
}
