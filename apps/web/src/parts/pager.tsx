import { useState } from "react";

/** Where a list by cursor stands: the cursors of the pages so far. */
export interface Paging {
  cursor: string | undefined;
  page: number;
  next: (cursor: string) => void;
  back: () => void;
}

/** Walks through a list by its cursors. Begins anew when `key`, which names the question, changes. */
export function usePaging(key: string): Paging {
  const [state, setState] = useState<{ key: string; cursors: readonly string[] }>({ key, cursors: [] });
  const cursors = state.key === key ? state.cursors : [];
  return {
    cursor: cursors.at(-1),
    page: cursors.length + 1,
    next: (cursor) => setState({ key, cursors: [...cursors, cursor] }),
    back: () => setState({ key, cursors: cursors.slice(0, -1) }),
  };
}

export interface PagerProps {
  paging: Paging;
  nextCursor: string | null | undefined;
}

/** Earlier and later pages; nothing where there is only one. */
export function Pager({ paging, nextCursor }: PagerProps) {
  if (paging.page === 1 && !nextCursor) return null;
  return (
    <nav className="pager" aria-label="Pages of the list">
      <button type="button" className="button is-small" disabled={paging.page === 1} onClick={paging.back}>
        Back
      </button>
      <span className="quiet small" aria-live="polite">
        Page {paging.page}
      </span>
      <button
        type="button"
        className="button is-small"
        disabled={!nextCursor}
        onClick={() => nextCursor && paging.next(nextCursor)}
      >
        Next
      </button>
    </nav>
  );
}
