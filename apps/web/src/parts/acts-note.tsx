import { Link } from "../routing/link.js";

export interface ActsNoteProps {
  /** The id of what is acted on. */
  of: string;
  /** What can't be done at the moment, and why. */
  limits: string | undefined;
}

/** What stands above the acts: where one learns what was done before, and why some can't be done. */
export function ActsNote({ of, limits }: ActsNoteProps) {
  return (
    <>
      Each is noted in <Link to={`/audit?subject=${encodeURIComponent(of)}`}>the audit log</Link>, with who
      did it and why.{limits && ` ${limits}`}
    </>
  );
}
