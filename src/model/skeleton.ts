/**
 * A trace's skeleton: the columns of `Trace` as bytes, 38 a span plus the tables of names, little-endian whatever the
 * machine. It is what the page gets first (`GET /api/trace/{id}/skeleton`), so it holds all that draws a waterfall and
 * no attribute. Depth and subtree size follow from `parent` and are computed again on arrival.
 *
 *   offset   bytes
 *        0       4   "ATSK"
 *        4       4   version, 1
 *        8      16   trace id
 *       24       8   baseNs, signed
 *       32       4   n, number of rows
 *       36       4   number of services
 *       40       4   number of names
 *       44       4   m, number of rows with a parent that is not in the trace
 *       48      8n   startNs, float64
 *              8n   durationNs, float64
 *              4n   parent, int32
 *              4n   service, uint32
 *              4n   name, uint32
 *              8n   span ids
 *               n   kind
 *               n   flags
 *             12m   row (uint32) and the missing parent's span id
 *                   services, then names: each a uint32 length and UTF-8
 */
import { BadInput } from '../base/errors.ts';
import { isTraceId } from './ids.ts';
import { spanKindNames } from './span.ts';
import { measureTree, type Trace } from './trace.ts';

const magic = 0x4b535441;
const version = 1;
const headerBytes = 48;
const bytesPerRow = 38;
const bytesPerMissing = 12;

export function encodeSkeleton(trace: Trace): Uint8Array {
  if (!isTraceId(trace.traceId)) throw new BadInput(`cannot encode a skeleton: "${trace.traceId}" is no trace id`);
  const n = trace.count;
  const encoder = new TextEncoder();
  const strings = [...trace.services, ...trace.names].map((text) => encoder.encode(text));
  const tableBytes = strings.reduce((sum, text) => sum + 4 + text.length, 0);
  const missing = [...trace.missingParents];
  const bytes = new Uint8Array(headerBytes + bytesPerRow * n + bytesPerMissing * missing.length + tableBytes);
  const view = new DataView(bytes.buffer);

  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  bytes.set(bytesOfHex(trace.traceId), 8);
  view.setBigInt64(24, trace.baseNs, true);
  view.setUint32(32, n, true);
  view.setUint32(36, trace.services.length, true);
  view.setUint32(40, trace.names.length, true);
  view.setUint32(44, missing.length, true);

  let at = headerBytes;
  for (const column of columnsOf(trace)) {
    const raw = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    bytes.set(littleEndian(raw, column.BYTES_PER_ELEMENT), at);
    at += column.byteLength;
  }
  for (const [row, spanId] of missing) {
    view.setUint32(at, row, true);
    bytes.set(bytesOfHex(spanId.padStart(16, '0')), at + 4);
    at += bytesPerMissing;
  }
  for (const text of strings) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}

/** Throws `BadInput` for bytes that no `encodeSkeleton` wrote: nothing read from them can then lead out of a column. */
export function decodeSkeleton(bytes: Uint8Array): Trace {
  if (bytes.length < headerBytes) throw bad(`${bytes.length} bytes are less than its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== magic) throw bad('it does not begin with "ATSK"');
  if (view.getUint32(4, true) !== version) throw bad(`version ${view.getUint32(4, true)}, expected ${version}`);
  const n = view.getUint32(32, true);
  const serviceCount = view.getUint32(36, true);
  const nameCount = view.getUint32(40, true);
  const missingCount = view.getUint32(44, true);
  // Before anything is allocated: a count must be paid for in bytes.
  const least = headerBytes + bytesPerRow * n + bytesPerMissing * missingCount + 4 * (serviceCount + nameCount);
  if (bytes.length < least) throw bad(`${bytes.length} bytes, its counts need at least ${least}`);

  const columns = {
    startNs: new Float64Array(n),
    durationNs: new Float64Array(n),
    parent: new Int32Array(n),
    service: new Uint32Array(n),
    name: new Uint32Array(n),
    spanIds: new Uint8Array(n * 8),
    kind: new Uint8Array(n),
    flags: new Uint8Array(n),
  };
  let at = headerBytes;
  for (const column of columnsOf(columns)) {
    const raw = bytes.subarray(at, at + column.byteLength);
    new Uint8Array(column.buffer).set(littleEndian(raw, column.BYTES_PER_ELEMENT));
    at += column.byteLength;
  }
  const missingParents = new Map<number, string>();
  for (let i = 0; i < missingCount; i++, at += bytesPerMissing) {
    const row = view.getUint32(at, true);
    if (row >= n) throw bad(`missing parent of row ${row}, there are ${n} rows`);
    missingParents.set(row, hexOfBytes(bytes.subarray(at + 4, at + bytesPerMissing)));
  }
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const readTexts = (count: number): string[] =>
    Array.from({ length: count }, () => {
      if (at + 4 > bytes.length) throw bad('it ends inside a table of names');
      const length = view.getUint32(at, true);
      if (at + 4 + length > bytes.length) throw bad(`a name of ${length} bytes goes beyond its end`);
      const text = bytes.subarray(at + 4, at + 4 + length);
      at += 4 + length;
      try {
        return decoder.decode(text);
      } catch (cause) {
        throw bad('a name is no UTF-8', cause);
      }
    });
  const services = readTexts(serviceCount);
  const names = readTexts(nameCount);
  if (at !== bytes.length) throw bad(`${bytes.length - at} bytes follow its end`);

  checkRows(columns, serviceCount, nameCount);
  return {
    traceId: hexOfBytes(bytes.subarray(8, 24)),
    baseNs: view.getBigInt64(24, true),
    count: n,
    ...columns,
    services,
    names,
    missingParents,
    ...measureTree(columns.parent),
  };
}

type Columns = Pick<Trace, 'startNs' | 'durationNs' | 'parent' | 'service' | 'name' | 'spanIds' | 'kind' | 'flags'>;

/** In the order of the format; the widest first, so that each starts aligned to its own width. */
function columnsOf(c: Columns) {
  return [c.startNs, c.durationNs, c.parent, c.service, c.name, c.spanIds, c.kind, c.flags];
}

function checkRows(columns: Columns, serviceCount: number, nameCount: number): void {
  const { parent, service, name, kind, startNs, durationNs } = columns;
  for (let row = 0; row < parent.length; row++) {
    const up = parent[row] ?? -1;
    if (up < -1 || up >= row) throw bad(`row ${row}: parent ${up} does not come before it`);
    // Preorder: the parent is the row above or one of its ancestors. The walk pops each row once, so it is linear.
    let open = row - 1;
    while (open >= 0 && open !== up) open = parent[open] ?? -1;
    if (open !== up) throw bad(`row ${row}: parent ${up} is closed already`);
    if ((service[row] ?? 0) >= serviceCount) throw bad(`row ${row}: service ${service[row]} of ${serviceCount}`);
    if ((name[row] ?? 0) >= nameCount) throw bad(`row ${row}: name ${name[row]} of ${nameCount}`);
    if ((kind[row] ?? 0) >= spanKindNames.length) throw bad(`row ${row}: kind ${kind[row]}`);
    if (!Number.isFinite(startNs[row]) || !isDuration(durationNs[row])) throw bad(`row ${row}: a time that is no time`);
  }
}

function isDuration(ns: number | undefined): boolean {
  return ns !== undefined && Number.isFinite(ns) && ns >= 0;
}

function bad(problem: string, cause?: unknown): BadInput {
  return new BadInput(`cannot read the trace's skeleton: ${problem}`, cause === undefined ? {} : { cause });
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The bytes of a column between this machine's order and little-endian (the way there is the way back). */
function littleEndian(raw: Uint8Array, width: number): Uint8Array {
  return isLittleEndian || width === 1 ? raw : reverseEach(raw, width);
}

export function reverseEach(raw: Uint8Array, width: number): Uint8Array {
  const turned = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) turned[i] = raw[i - (i % width) + (width - 1 - (i % width))] ?? 0;
  return turned;
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16) || 0);
}

function hexOfBytes(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
