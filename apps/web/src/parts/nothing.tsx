import type { ReactNode } from "react";

/** What stands where there is nothing to show: that this is so, and what it means or what to do. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="nothing">
      <strong>{title}</strong>
      {children && <span>{children}</span>}
    </div>
  );
}
