/** A user closed a chat on a live connection. */
export interface ViewerLeft {
  name: "viewer.left";
  userId: string;
  role: string;
  at: string;
}
