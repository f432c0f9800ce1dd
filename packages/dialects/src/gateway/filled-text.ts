import { textField } from "@parley/contracts";

/** Text with something in it; `limit` counts Unicode code points. */
export function filledText(limit: number) {
  return textField(limit).refine((text) => text.trim() !== "", "must not be blank");
}
