import type { ReactNode } from "react";
import { Field } from "./field.js";

export interface TextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  isWide?: boolean;
  type?: "text" | "search" | "datetime-local" | "number";
  placeholder?: string;
  isRequired?: boolean;
  /** Where something begins, the cursor should be. */
  isFirst?: boolean;
}

/** One line of text. */
export function TextField(props: TextFieldProps) {
  const {
    label,
    value,
    onChange,
    hint,
    isWide = false,
    type = "text",
    placeholder,
    isRequired,
    isFirst,
  } = props;
  return (
    <Field label={label} hint={hint} isWide={isWide}>
      {(id, describedBy) => (
        <input
          id={id}
          aria-describedby={describedBy}
          className="input"
          type={type}
          value={value}
          placeholder={placeholder}
          required={isRequired}
          data-first={isFirst ? "" : undefined}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
