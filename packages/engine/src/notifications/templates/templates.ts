/** Every text of a notification, with the placeholders that it may have. */
export const TEMPLATE_PLACEHOLDERS = {
  "new_message.title": ["sender"],
  "new_message.body": ["text"],
  "new_message.many": ["count", "text"],
  "group_message.title": ["chat"],
  "group_message.body": ["sender", "text"],
  "group_message.many": ["count", "sender", "text"],
  "order_update.title": ["order"],
  "order_update.body": ["order", "status"],
  "payment.title": ["order"],
  "payment.authorized": ["amount", "order"],
  "payment.captured": ["amount", "order"],
  "payment.failed": ["amount", "order"],
  "new_order.title": ["order"],
  "new_order.body": ["order"],
  "receipt.title": ["order"],
  "receipt.body": ["order"],
  "system.title": ["chat"],
  "system.body": ["text"],
  "campaign.title": [],
  "campaign.body": [],
  "content.image": [],
  "content.file": [],
  "content.audio": [],
  "content.gone": [],
  someone: [],
  "action.reply": [],
  "action.view_order": [],
  "status.pending": [],
  "status.confirmed": [],
  "status.preparing": [],
  "status.shopping": [],
  "status.shipped": [],
  "status.delivered": [],
  "status.completed": [],
  "status.cancelled": [],
  "status.refunded": [],
} as const satisfies Record<string, readonly string[]>;

export type TemplateKey = keyof typeof TEMPLATE_PLACEHOLDERS;

/** `{name}` stands for an argument. Where there is a `count`, its forms by the plural rules of the language; `other` is for the rest. */
export type TemplateText = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>);

export type LocaleTexts = Readonly<Record<TemplateKey, TemplateText>>;

/** Texts by language tag in lower case; English is always among them. */
export interface Templates {
  english: LocaleTexts;
  locales: ReadonlyMap<string, LocaleTexts>;
}

export type TemplateArguments = Readonly<Record<string, string | number>>;

/** A language's texts, and its tag for numbers and plurals. */
export interface Language {
  tag: string;
  texts: LocaleTexts;
}

/** The texts for a language tag: `ja-JP`, else `ja`, else English. */
export function languageOf(templates: Templates, locale: string | null): Language {
  const parts = (locale ?? "").toLowerCase().replaceAll("_", "-").split("-");
  for (let length = parts.length; length > 0; length--) {
    const tag = parts.slice(0, length).join("-");
    const texts = templates.locales.get(tag);
    if (texts !== undefined) return { tag, texts };
  }
  return { tag: "en", texts: templates.english };
}

/** A text with its placeholders filled in; those without an argument stay empty. */
export function renderTemplate(language: Language, key: TemplateKey, given: TemplateArguments = {}): string {
  const { tag, texts } = language;
  const template = texts[key];
  const count = typeof given.count === "number" ? given.count : 1;
  const text =
    typeof template === "string"
      ? template
      : (template[new Intl.PluralRules(tag).select(count)] ?? template.other);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return typeof value === "number" ? value.toLocaleString(tag) : (value ?? "");
  });
}

/** Whether there is a text of this name. */
export function isTemplateKey(key: string): key is TemplateKey {
  return Object.hasOwn(TEMPLATE_PLACEHOLDERS, key);
}
