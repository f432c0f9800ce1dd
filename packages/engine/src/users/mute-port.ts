/** Until when somebody may read and not write, as this process knows it; null: they may write. Must not throw and must not wait. */
export type MuteReader = (userId: string) => Date | null;

export const nobodyIsMuted: MuteReader = () => null;
