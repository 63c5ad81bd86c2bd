/**
 * ClickHouse's `Native` format (https://clickhouse.com/docs/interfaces/formats/Native): the numbers of columns and rows, then
 * each column as name, type and values. An array column is the running ends of its rows (UInt64), then all elements.
 */
import { Column } from './column.ts';

export interface NativeColumn {
  readonly name: string;
  readonly type: string;
  /** The values: for an array first the ends, then the elements. */
  readonly data: readonly Column[];
}

/** One block as pieces to be written one after the other. They are views of the columns: write them before filling on. */
export function nativeBlock(rows: number, columns: readonly NativeColumn[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let header = new Column(256);
  header.varint(columns.length);
  header.varint(rows);
  for (const { name, type, data } of columns) {
    header.text(name);
    header.text(type);
    pieces.push(header.content);
    for (const column of data) if (column.length > 0) pieces.push(column.content);
    header = new Column(64);
  }
  return pieces;
}
