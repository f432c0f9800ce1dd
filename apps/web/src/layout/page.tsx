import { type ReactNode, useEffect } from "react";

export interface PageProps {
  title: string;
  lead?: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
}

/** A page with its heading, which is also the tab's. */
export function Page({ title, lead, tools, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Parley admin`;
  }, [title]);
  return (
    <>
      <div className="page-head">
        <div className="page-title">
          <h1 tabIndex={-1}>{title}</h1>
          {tools && <div className="tools">{tools}</div>}
        </div>
        {lead && <p className="lead">{lead}</p>}
      </div>
      {children}
    </>
  );
}
