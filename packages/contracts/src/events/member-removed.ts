/** A user left a chat or was removed from it. */
export interface MemberRemoved {
  name: "member.removed";
  userId: string;
}
