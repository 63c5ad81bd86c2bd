/**
 * Protobuf files as `FileDescriptorProto`
 * (https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto), which gRPC reflection serves so that
 * a client can be made without the files. They are said in short tables: a field is `'number type'`, `*` repeats, `?term` belongs to
 * the oneof `term`, `map` is a map of strings; a type with a dot is of another package.
 */
import { ProtoWriter } from './protobuf.ts';

export interface ProtoFile {
  readonly name: string;
  readonly package: string;
  readonly imports?: readonly string[];
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names by number. */
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  /** By service and method: `'Request -> Answer'`, `'Request -> Answer*'` where the answer streams. */
  readonly services?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function encodeProtoFile(file: ProtoFile): Uint8Array {
  const writer = new ProtoWriter().stringField(1, file.name).stringField(2, file.package);
  for (const path of file.imports ?? []) writer.stringField(3, path);
  for (const [name, fields] of Object.entries(file.messages)) {
    writer.messageField(4, (w) => writeMessage(w, file, name, fields));
  }
  for (const [name, values] of Object.entries(file.enums ?? {})) {
    writer.messageField(5, (w) => {
      w.stringField(1, name);
      for (const [number, value] of values.entries()) {
        w.messageField(2, (v) => v.stringField(1, value).varintField(2, number));
      }
    });
  }
  for (const [name, methods] of Object.entries(file.services ?? {})) {
    writer.messageField(6, (w) => {
      w.stringField(1, name);
      for (const [method, types] of Object.entries(methods))
        w.messageField(2, (m) => writeMethod(m, file, method, types));
    });
  }
  return writer.stringField(12, 'proto3').finish();
}

/** Full names of the services of the files: `jaeger.api_v2.QueryService`. */
export function servicesOf(files: readonly ProtoFile[]): string[] {
  return files.flatMap((file) => Object.keys(file.services ?? {}).map((name) => `${file.package}.${name}`));
}

/** Full names of everything that the file defines, methods and fields left out. */
export function symbolsOf(file: ProtoFile): string[] {
  const names = [file.messages, file.enums ?? {}, file.services ?? {}].flatMap((table) => Object.keys(table));
  return names.map((name) => `${file.package}.${name}`);
}

const scalars: Readonly<Record<string, number>> = {
  double: 1,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const messageType = 11;
const enumType = 14;
const label = { optional: 1, repeated: 3 } as const;

function writeMessage(writer: ProtoWriter, file: ProtoFile, name: string, fields: Readonly<Record<string, string>>) {
  writer.stringField(1, name);
  const oneofs: string[] = [];
  for (const [field, text] of Object.entries(fields)) {
    const [, number = '', type = '', isRepeated, oneof] = /^(\d+) ([\w.]+)(\*)?(?: \?(\w+))?$/.exec(text) ?? [];
    if (number === '') throw new Error(`cannot read the field ${name}.${field}: ${text}`);
    if (oneof !== undefined && !oneofs.includes(oneof)) oneofs.push(oneof);
    const isMap = type === 'map';
    const entry = `${field.replace(/^\w/, (c) => c.toUpperCase())}Entry`;
    writer.messageField(2, (w) => {
      w.stringField(1, field)
        .varintField(3, Number(number))
        .varintField(4, isMap || isRepeated !== undefined ? label.repeated : label.optional);
      if (isMap) w.varintField(5, messageType).stringField(6, `.${file.package}.${name}.${entry}`);
      else writeType(w, file, type);
      if (oneof !== undefined) w.varintField(9, oneofs.indexOf(oneof));
      w.stringField(10, jsonName(field));
    });
    if (isMap) writer.messageField(3, (w) => writeMapEntry(w, entry));
  }
  for (const oneof of oneofs) writer.messageField(8, (w) => w.stringField(1, oneof));
}

function writeType(writer: ProtoWriter, file: ProtoFile, type: string): void {
  const scalar = scalars[type];
  if (scalar !== undefined) writer.varintField(5, scalar);
  else writer.varintField(5, file.enums?.[type] ? enumType : messageType).stringField(6, fullName(file, type));
}

function writeMapEntry(writer: ProtoWriter, name: string): void {
  writer.stringField(1, name);
  for (const [i, part] of ['key', 'value'].entries()) {
    writer.messageField(2, (w) => {
      w.stringField(1, part)
        .varintField(3, i + 1)
        .varintField(4, label.optional)
        .varintField(5, scalars.string ?? 0);
      w.stringField(10, part);
    });
  }
  writer.messageField(7, (w) => w.varintField(7, 1));
}

function writeMethod(writer: ProtoWriter, file: ProtoFile, name: string, types: string): void {
  const [, input = '', isAskedByStream, output = '', isStream] = /^([\w.]+)(\*)? -> ([\w.]+)(\*)?$/.exec(types) ?? [];
  writer.stringField(1, name).stringField(2, fullName(file, input)).stringField(3, fullName(file, output));
  if (isAskedByStream !== undefined) writer.varintField(5, 1);
  if (isStream !== undefined) writer.varintField(6, 1);
}

function fullName(file: ProtoFile, type: string): string {
  return type.includes('.') ? `.${type}` : `.${file.package}.${type}`;
}

function jsonName(field: string): string {
  return field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
