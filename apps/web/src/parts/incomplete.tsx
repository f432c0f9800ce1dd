/** Says why an answer is not the whole one. */
export function Incomplete({ text }: { text: string | null }) {
  if (text === null) return null;
  return (
    <div className="notice is-warn">
      <strong>This is not the whole picture.</strong>
      {text}
    </div>
  );
}
