import type { MouseEvent, ReactNode } from "react";
import { hrefOf, navigate } from "./location.js";

export interface LinkProps {
  /** The path below `/admin`. */
  to: string;
  className?: string;
  isCurrent?: boolean;
  onFollow?: () => void;
  children: ReactNode;
}

/** A link to a page of the dashboard: opens without loading the page anew, and in a new tab where that is wanted. */
export function Link({ to, className, isCurrent = false, onFollow, children }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
    onFollow?.();
  };
  return (
    <a href={hrefOf(to)} className={className} aria-current={isCurrent ? "page" : undefined} onClick={follow}>
      {children}
    </a>
  );
}
