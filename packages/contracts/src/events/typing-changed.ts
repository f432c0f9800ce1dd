/** A member started or stopped typing. */
export interface TypingChanged {
  name: "typing.changed";
  userId: string;
  role: string;
  action: "start" | "stop";
  at: string;
}
