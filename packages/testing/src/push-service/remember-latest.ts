/** Makes a `find` that is called once for each of the latest questions, `limit` of them at most; what throws is not remembered. */
export function rememberLatest<Found>(
  limit: number,
  find: (question: string) => Found,
): (question: string) => Found {
  const known = new Map<string, Found>();
  return (question) => {
    const remembered = known.get(question);
    if (remembered !== undefined) return remembered;
    const found = find(question);
    if (known.size >= limit) known.clear();
    known.set(question, found);
    return found;
  };
}
