import { Field } from "./field.js";

export interface ChoiceFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** By value, what is shown. */
  options: Readonly<Record<string, string>>;
}

/** One of a few. */
export function ChoiceField({ label, value, onChange, options }: ChoiceFieldProps) {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
          {Object.entries(options).map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
