import { Fragment, type ReactNode } from "react";
import { type Tone, toneClass } from "./tone.js";

export interface Column<Row> {
  /** Names the cell on a phone, too. */
  head: string;
  cell: (row: Row) => ReactNode;
  isNumber?: boolean;
}

export interface DataTableProps<Row> {
  /** What the table holds, for those who hear it. */
  caption: string;
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** The first names the row. One without a head holds what can be done. */
  columns: readonly Column<Row>[];
  toneOf?: (row: Row) => Tone | undefined;
  /** A sentence about a row that needs the table's whole width; nothing for rows that need none. */
  below?: (row: Row) => ReactNode;
}

/** A table; on a narrow screen each row becomes a card. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, rows, keyOf, columns } = props;
  return (
    <div className="table-frame">
      <table>
        <caption className="only-heard">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, isNumber }) => (
              <th key={head} scope="col" className={isNumber ? "is-number" : undefined}>
                {head === "" ? <span className="only-heard">Actions</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)} row={row} table={props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TableRow<Row>({ row, table }: { row: Row; table: DataTableProps<Row> }) {
  const { columns, toneOf, below } = table;
  const tone = toneClass(toneOf?.(row));
  const text = below?.(row);
  const hasBelow = text !== undefined && text !== null && text !== false;
  return (
    <Fragment>
      <tr className={`row${tone}${hasBelow ? " has-below" : ""}`}>
        {columns.map((column, index) => (
          <Cell key={column.head} column={column} row={row} isFirst={index === 0} />
        ))}
      </tr>
      {hasBelow && (
        <tr className={`below${tone}`}>
          <td colSpan={columns.length}>{text}</td>
        </tr>
      )}
    </Fragment>
  );
}

function Cell<Row>({ column, row, isFirst }: { column: Column<Row>; row: Row; isFirst: boolean }) {
  const { head, cell, isNumber } = column;
  if (isFirst) return <th scope="row">{cell(row)}</th>;
  return (
    <td data-label={head === "" ? undefined : head} className={isNumber ? "is-number" : undefined}>
      {cell(row)}
    </td>
  );
}
