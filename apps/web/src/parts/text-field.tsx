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
  /** What it may be filled with, among others. */
  proposals?: readonly string[];
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
    proposals,
  } = props;
  return (
    <Field label={label} hint={hint} isWide={isWide}>
      {(id, describedBy) => (
        <>
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
            list={proposals && `${id}-proposals`}
            onChange={(event) => onChange(event.target.value)}
          />
          {proposals && (
            <datalist id={`${id}-proposals`}>
              {proposals.map((text) => (
                <option key={text} value={text} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}
