/** A user opened a chat on a live connection. */
export interface ViewerJoined {
  name: "viewer.joined";
  userId: string;
  role: string;
  at: string;
}
