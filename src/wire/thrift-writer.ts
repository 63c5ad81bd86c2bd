/** Writing Apache Thrift, as the senders do: for tests and measurements. The protocols are those of `thrift.ts`. */
import { thriftType as type } from './thrift.ts';

/** `i64` takes numbers where they are exact. A struct's fields are `[id, value]`, ids ascending. */
export type ThriftValue =
  | { readonly bool: boolean }
  | { readonly byte: number }
  | { readonly i16: number }
  | { readonly i32: number }
  | { readonly i64: bigint | number }
  | { readonly double: number }
  | { readonly string: string | Uint8Array }
  | { readonly struct: readonly (readonly [number, ThriftValue])[] }
  | { readonly list: readonly ThriftValue[] }
  | { readonly map: readonly (readonly [ThriftValue, ThriftValue])[] };

export type ThriftProtocol = 'binary' | 'compact';

/** One value without a head, as it stands in an HTTP body. */
export function writeThrift(protocol: ThriftProtocol, value: ThriftValue): Buffer {
  const out: number[] = [];
  (protocol === 'binary' ? binary : compact)(out, value);
  return Buffer.from(out);
}

/** A oneway call of `method`, as it stands in a datagram. */
export function writeThriftCall(protocol: ThriftProtocol, method: string, args: ThriftValue): Buffer {
  const name = Buffer.from(method);
  const head =
    protocol === 'binary'
      ? [0x80, 1, 0, 4, ...int32(name.length), ...name, ...int32(0)]
      : [0x82, (4 << 5) | 1, 0, ...varint(BigInt(name.length)), ...name];
  return Buffer.concat([Buffer.from(head), writeThrift(protocol, args)]);
}

function typeOf(value: ThriftValue): number {
  return type[Object.keys(value)[0] as keyof typeof type];
}

function binary(out: number[], value: ThriftValue): void {
  if ('bool' in value) out.push(value.bool ? 1 : 0);
  else if ('byte' in value) out.push(value.byte & 255);
  else if ('i16' in value) out.push((value.i16 >> 8) & 255, value.i16 & 255);
  else if ('i32' in value) out.push(...int32(value.i32));
  else if ('i64' in value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt.asIntN(64, BigInt(value.i64)));
    out.push(...bytes);
  } else if ('double' in value) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value.double);
    out.push(...bytes);
  } else if ('string' in value) {
    const bytes = Buffer.from(value.string);
    out.push(...int32(bytes.length));
    for (const byte of bytes) out.push(byte);
  } else if ('struct' in value) {
    for (const [id, field] of value.struct) {
      out.push(typeOf(field), (id >> 8) & 255, id & 255);
      binary(out, field);
    }
    out.push(0);
  } else if ('list' in value) {
    out.push(value.list[0] ? typeOf(value.list[0]) : type.struct, ...int32(value.list.length));
    for (const item of value.list) binary(out, item);
  } else {
    const [first] = value.map;
    out.push(first ? typeOf(first[0]) : type.string, first ? typeOf(first[1]) : type.string);
    out.push(...int32(value.map.length));
    for (const [key, item] of value.map) {
      binary(out, key);
      binary(out, item);
    }
  }
}

const toCompact: Readonly<Record<number, number>> = {
  [type.bool]: 1,
  [type.byte]: 3,
  [type.i16]: 4,
  [type.i32]: 5,
  [type.i64]: 6,
  [type.double]: 7,
  [type.string]: 8,
  [type.list]: 9,
  [type.map]: 11,
  [type.struct]: 12,
};

function compactTypeOf(value: ThriftValue): number {
  return toCompact[typeOf(value)] ?? 0;
}

function compact(out: number[], value: ThriftValue): void {
  if ('bool' in value) out.push(value.bool ? 1 : 2);
  else if ('byte' in value) out.push(value.byte & 255);
  else if ('i16' in value) out.push(...varint(zigzag(value.i16)));
  else if ('i32' in value) out.push(...varint(zigzag(value.i32)));
  else if ('i64' in value) out.push(...varint(zigzag(value.i64)));
  else if ('double' in value) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value.double);
    out.push(...bytes);
  } else if ('string' in value) {
    const bytes = Buffer.from(value.string);
    out.push(...varint(BigInt(bytes.length)));
    for (const byte of bytes) out.push(byte);
  } else if ('struct' in value) {
    let last = 0;
    for (const [id, field] of value.struct) {
      const kind = 'bool' in field ? (field.bool ? 1 : 2) : compactTypeOf(field);
      const delta = id - last;
      if (delta > 0 && delta <= 15) out.push((delta << 4) | kind);
      else out.push(kind, ...varint(zigzag(id)));
      last = id;
      if (!('bool' in field)) compact(out, field);
    }
    out.push(0);
  } else if ('list' in value) {
    const kind = value.list[0] ? compactTypeOf(value.list[0]) : 12;
    const { length } = value.list;
    if (length < 15) out.push((length << 4) | kind);
    else out.push(0xf0 | kind, ...varint(BigInt(length)));
    for (const item of value.list) compact(out, item);
  } else {
    out.push(...varint(BigInt(value.map.length)));
    const [first] = value.map;
    if (first) out.push((compactTypeOf(first[0]) << 4) | compactTypeOf(first[1]));
    for (const [key, item] of value.map) {
      compact(out, key);
      compact(out, item);
    }
  }
}

function int32(value: number): number[] {
  return [(value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function zigzag(value: bigint | number): bigint {
  const signed = BigInt.asIntN(64, BigInt(value));
  return BigInt.asUintN(64, (signed << 1n) ^ (signed >> 63n));
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return bytes;
}
