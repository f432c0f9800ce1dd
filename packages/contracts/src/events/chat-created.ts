/** A chat came to be, with these members. */
export interface ChatCreated {
  name: "chat.created";
  memberIds: string[];
}
