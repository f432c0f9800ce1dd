/** Markup that is ready for a page; plain strings in a template are escaped, this is not. */
export interface Html {
  readonly markup: string;
}

type Piece = string | number | boolean | undefined | Html | readonly Piece[];

/** A piece of a page. Every value is escaped unless it is Html itself; `false` and `undefined` leave nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  const markup = strings.reduce((text, part, index) => text + toMarkup(values[index - 1]) + part);
  return { markup };
}

/** Takes markup as it is. Only for what this server has made itself. */
export function trusted(markup: string): Html {
  return { markup };
}

function toMarkup(piece: Piece): string {
  if (piece === undefined || piece === false) return "";
  if (Array.isArray(piece)) return piece.map(toMarkup).join("");
  if (typeof piece === "object") return (piece as Html).markup;
  return String(piece).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
