/**
 * Cuts a file of one `Native` block into two (https://clickhouse.com/docs/interfaces/formats/Native), so that rows which the
 * engine refuses can be found by halving. Only the types that Ariane writes are known.
 */
interface Cursor {
  readonly bytes: Buffer;
  pos: number;
}

/** The same columns with the first half of the rows, and with the rest. Undefined for a block of one row. Throws on other types and cut bytes. */
export function splitNative(bytes: Buffer): { rows: number; pieces: readonly Uint8Array[] }[] | undefined {
  const cursor = { bytes, pos: 0 };
  const columns = readVarint(cursor);
  const rows = readVarint(cursor);
  if (rows < 2) return undefined;
  const middle = rows >> 1;
  const first: Uint8Array[] = [writeVarint(columns), writeVarint(middle)];
  const second: Uint8Array[] = [writeVarint(columns), writeVarint(rows - middle)];
  for (let i = 0; i < columns; i++) {
    const header = cursor.pos;
    skipText(cursor);
    const type = readText(cursor);
    const named = bytes.subarray(header, cursor.pos);
    const [before, after] = splitValues(cursor, type, rows, middle);
    first.push(named, ...before);
    second.push(named, ...after);
  }
  if (cursor.pos !== bytes.length) throw new RangeError(`a block of ${cursor.pos} bytes in ${bytes.length} bytes`);
  return [
    { rows: middle, pieces: first },
    { rows: rows - middle, pieces: second },
  ];
}

type Halves = [before: Uint8Array[], after: Uint8Array[]];

function splitValues(cursor: Cursor, type: string, rows: number, middle: number): Halves {
  const { bytes, pos: start } = cursor;
  const element = /^Array\((.+)\)$/.exec(type)?.[1];
  if (element !== undefined) return splitArray(cursor, element, rows, middle);
  if (type === 'String') {
    skipTexts(cursor, middle);
    const cut = cursor.pos;
    skipTexts(cursor, rows - middle);
    return [[bytes.subarray(start, cut)], [bytes.subarray(cut, cursor.pos)]];
  }
  const width = widthOf(type);
  cursor.pos += rows * width;
  const cut = start + middle * width;
  return [[bytes.subarray(start, cut)], [bytes.subarray(cut, cursor.pos)]];
}

/** The ends count from the first row of the block, so those of the second half start again at 0. */
function splitArray(cursor: Cursor, element: string, rows: number, middle: number): Halves {
  const { bytes, pos: start } = cursor;
  cursor.pos += rows * 8;
  const cut = middle === 0 ? 0n : bytes.readBigUInt64LE(start + (middle - 1) * 8);
  const total = bytes.readBigUInt64LE(start + (rows - 1) * 8);
  const ends = Buffer.alloc((rows - middle) * 8);
  for (let row = middle; row < rows; row++) {
    ends.writeBigUInt64LE(bytes.readBigUInt64LE(start + row * 8) - cut, (row - middle) * 8);
  }
  const [before, after] = splitValues(cursor, element, Number(total), Number(cut));
  return [
    [bytes.subarray(start, start + middle * 8), ...before],
    [ends, ...after],
  ];
}

function widthOf(type: string): number {
  const fixed = /^FixedString\((\d+)\)$/.exec(type)?.[1];
  if (fixed !== undefined) return Number(fixed);
  const bits = /^U?Int(8|16|32|64)$/.exec(type)?.[1];
  if (bits !== undefined) return Number(bits) / 8;
  if (type === 'Date') return 2;
  throw new RangeError(`no width is known of the type ${type}`);
}

function skipTexts(cursor: Cursor, count: number): void {
  for (let i = 0; i < count; i++) skipText(cursor);
}

function skipText(cursor: Cursor): void {
  const length = readVarint(cursor);
  cursor.pos += length;
}

function readText(cursor: Cursor): string {
  const length = readVarint(cursor);
  cursor.pos += length;
  return cursor.bytes.toString('latin1', cursor.pos - length, cursor.pos);
}

function readVarint(cursor: Cursor): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = cursor.bytes.readUInt8(cursor.pos++);
    value += (byte & 0x7f) * factor;
    if (byte < 128) return value;
  }
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
