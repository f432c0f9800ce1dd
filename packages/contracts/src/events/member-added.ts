/** A user became a member of a chat. */
export interface MemberAdded {
  name: "member.added";
  userId: string;
}
