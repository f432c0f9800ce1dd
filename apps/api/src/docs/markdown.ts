import { Marked } from "marked";
import { type Html, trusted } from "./html.js";

const marked = new Marked({ gfm: true });

/** Markdown of our own (descriptions, the guide) as markup. Wide tables scroll inside themselves. */
export function markdown(text: string): Html {
  const markup = marked.parse(text, { async: false });
  return trusted(
    markup.replaceAll("<table>", '<div class="wide"><table>').replaceAll("</table>", "</table></div>"),
  );
}

/** One line of Markdown, without a paragraph around it. */
export function inlineMarkdown(text: string): Html {
  return trusted(marked.parseInline(text, { async: false }));
}
