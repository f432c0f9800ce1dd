export interface TabsProps<Name extends string> {
  label: string;
  tabs: Readonly<Record<Name, string>>;
  chosen: Name;
  onChoose: (name: Name) => void;
}

/** Switches between parts of a page. */
export function Tabs<Name extends string>({ label, tabs, chosen, onChoose }: TabsProps<Name>) {
  return (
    <nav className="tabs" aria-label={label}>
      {(Object.entries(tabs) as Array<[Name, string]>).map(([name, text]) => (
        <button
          key={name}
          type="button"
          aria-current={name === chosen ? "true" : undefined}
          onClick={() => onChoose(name)}
        >
          {text}
        </button>
      ))}
    </nav>
  );
}
