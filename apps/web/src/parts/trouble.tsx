import { Icon } from "./icon.js";

/** What is wrong with a thing, in the server's words. */
export function Trouble({ text }: { text: string }) {
  return (
    <p className="trouble">
      <Icon name="alarm" />
      <span>{text.charAt(0).toUpperCase() + text.slice(1)}</span>
    </p>
  );
}
