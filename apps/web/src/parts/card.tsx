import { type ReactNode, useId } from "react";
import { type Tone, toneClass } from "./tone.js";

export interface CardProps {
  title: ReactNode;
  note?: ReactNode;
  tools?: ReactNode;
  tone?: Tone | undefined;
  children?: ReactNode;
}

/** A part of a page under a heading. */
export function Card({ title, note, tools, tone, children }: CardProps) {
  const id = useId();
  return (
    <section className={`card${toneClass(tone)}`} aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {tools && <div className="tools">{tools}</div>}
        {note && <p>{note}</p>}
      </div>
      {children}
    </section>
  );
}
