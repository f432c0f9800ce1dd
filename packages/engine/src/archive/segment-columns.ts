/** The columns of a table that a segment keeps, with their types. */
export type Columns = Readonly<Record<string, string>>;

export const MESSAGE_COLUMNS: Columns = {
  id: "uuid",
  number: "bigint",
  chat_id: "uuid",
  seq: "int",
  rev: "int",
  changed_xid: "xid8",
  sender_id: "text",
  sender_role: "text",
  type: "message_type",
  content: "text",
  attachment_url: "text",
  attachment_type: "text",
  metadata: "jsonb",
  reply_to: "uuid",
  reactions: "jsonb",
  client_id: "text",
  digest: "text",
  created_at: "timestamptz",
  edited_at: "timestamptz",
  deleted_at: "timestamptz",
  read_at: "timestamptz",
};

export const REACTION_COLUMNS: Columns = {
  message_id: "uuid",
  emoji: "text",
  user_id: "text",
  created_at: "timestamptz",
};

/**
 * SQL that selects the columns as texts, from which Postgres makes the same values again: numbers beyond those of JavaScript, and the
 * difference between no JSON and JSON's null, stay what they are. Times come as ISO 8601, whatever the server's own style.
 */
export function columnTexts(columns: Columns, table: string): string {
  return Object.entries(columns)
    .map(([name, type]) => {
      const column = `${table}.${name}`;
      return `${type === "timestamptz" ? `to_json(${column}) #>> '{}'` : `${column}::text`} AS ${name}`;
    })
    .join(", ");
}

/** SQL that puts the rows of a segment, whose text is $1, back into their table. */
export function insertFromSegment(
  part: "messages" | "reactions",
  { columns, table }: { columns: Columns; table: string },
): string {
  const names = Object.keys(columns);
  const lists = names.map((name) => `json_array_elements_text($1::json -> '${part}' -> '${name}')`);
  const values = Object.entries(columns).map(([name, type]) => {
    const value = `kept.${name}::${type}`;
    // A dump may have brought the segment from a server that had counted further: from the future, it would be news to everybody for ever.
    return type === "xid8" ? `least(${value}, pg_current_xact_id())` : value;
  });
  return `INSERT INTO ${table} (${names.join(", ")}) SELECT ${values.join(", ")}
    FROM ROWS FROM (${lists.join(", ")}) AS kept(${names.join(", ")})`;
}
