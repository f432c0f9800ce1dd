/** One moment of a chart; null where nothing was measured. */
export interface Moment<Point> {
  at: string;
  point: Point | null;
}

/** Puts a moment without a value into each gap between points, so that no line is drawn over a time of which nothing is known. */
export function withHoles<Point extends { at: string }>(
  points: readonly Point[],
  stepSeconds: number,
): Moment<Point>[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const gapMs = before === undefined ? 0 : Date.parse(point.at) - Date.parse(before.at);
    if (before === undefined || gapMs <= stepSeconds * 1500) return [{ at: point.at, point }];
    const at = new Date(Date.parse(before.at) + stepSeconds * 1000).toISOString();
    return [
      { at, point: null },
      { at: point.at, point },
    ];
  });
}
