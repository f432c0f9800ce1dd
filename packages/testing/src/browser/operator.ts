import type { Locator, Page } from "playwright-core";

/** What is done with one press of a button. */
export interface Act {
  /** The button's words, which its question has on the button that does it. */
  button: string;
  /** The thing that the button is of, where there are several. */
  of?: string;
  /** What is asked first; left out, nothing is. */
  question?: string;
  /** What is filled in, by the fields' labels. */
  answers?: Readonly<Record<string, string>>;
  /** What the page says when it is done. */
  told: string | RegExp;
}

/** What an administrator does again and again at the dashboard. */
export interface Operator {
  /** The row of a table that something of this name has. */
  rowOf(name: string): Locator;
  /** The sentence below that row. */
  below(name: string): Locator;
  /** The question that is asked at the moment. */
  question(title: string): Locator;
  /** Answers that question with its button. */
  confirm(title: string, button: string): Promise<void>;
  /** Acts as somebody would who clicks, and waits until the page has said what came of it. */
  act(act: Act): Promise<void>;
}

export function operatorAt(page: Page): Operator {
  const rowOf = (name: string) =>
    page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name}\\b`) }) });
  const question = (title: string) => page.getByRole("dialog", { name: title });
  const confirm = (title: string, button: string) =>
    question(title).getByRole("button", { name: button, exact: true }).click();
  return {
    rowOf,
    below: (name) => rowOf(name).locator("xpath=following-sibling::tr[1]"),
    question,
    confirm,
    act: async ({ button, of, question: title, answers = {}, told }) => {
      const name = of === undefined ? button : `${button} ${of}`;
      await page.getByRole("button", { name, exact: true }).click();
      if (title !== undefined) {
        for (const [field, text] of Object.entries(answers))
          await question(title).getByLabel(field).fill(text);
        await confirm(title, button);
        await question(title).waitFor({ state: "detached" });
      }
      await page.getByRole("status").getByText(told).waitFor();
    },
  };
}
