/** Which of the named people have an open chat open at the moment, on any node. A rejection counts as: it is not known. */
export type VisitorReader = (chatId: string, userIds: readonly string[]) => Promise<ReadonlySet<string>>;

/** For processes that don't know who is there: nobody. */
export const nobodyVisits: VisitorReader = async () => new Set();
