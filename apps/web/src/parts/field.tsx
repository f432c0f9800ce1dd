import { type ReactNode, useId } from "react";

export interface FieldProps {
  label: string;
  hint?: ReactNode;
  isWide?: boolean;
  children: (id: string, describedBy: string | undefined) => ReactNode;
}

/** A control with its label. */
export function Field({ label, hint, isWide = false, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div className={isWide ? "field wide" : "field"}>
      <label htmlFor={id}>{label}</label>
      {children(id, hint ? hintId : undefined)}
      {hint && (
        <span id={hintId} className="hint">
          {hint}
        </span>
      )}
    </div>
  );
}
