/** Resources and scopes found again by their bytes, without decoding them. */
import { randomInt } from 'node:crypto';
import { Column, paddedView } from './column.ts';
import { type ContentId, contentId, hasBytes, quickHash } from './content-id.ts';

interface Entry<T> {
  readonly key: DataView<ArrayBuffer>;
  readonly length: number;
  readonly thing: T;
  /** Another entry with the same quick hash. */
  readonly twin: Entry<T> | undefined;
}

/** Beyond either all are forgotten, and decoded again when they come again: their ids stay the same. */
const maxEntries = 10_000;
const maxBytes = 16 * 1024 * 1024;

export class Interned<T> {
  private readonly make: (message: Uint8Array, schemaUrl: string, id: ContentId) => T;
  private readonly entries = new Map<number, Entry<T>>();
  private readonly seed = randomInt(2 ** 31);
  private readonly key = new Column(1024);
  private messageLength = 0;
  private count = 0;
  private bytes = 0;

  get size(): number {
    return this.count;
  }

  /** `make` decodes what is new; it throws `BadInput` when it cannot. */
  constructor(make: (message: Uint8Array, schemaUrl: string, id: ContentId) => T) {
    this.make = make;
  }

  /** Begins a look-up: a message given in pieces (protobuf merges them), then its schema's address. */
  begin(): void {
    this.key.length = 0;
  }

  addMessage(source: DataView<ArrayBuffer>, at: number, length: number): void {
    this.key.copy(source, at, length);
  }

  /** What has these bytes. Several `begin` … `find` never overlap. */
  find(source: DataView<ArrayBuffer>, schemaAt: number, schemaLength: number): T {
    const { key } = this;
    this.messageLength = key.length;
    key.copy(source, schemaAt, schemaLength);
    key.u32(schemaLength);
    const hash = quickHash(key.source, 0, key.length, this.seed);
    const first = this.entries.get(hash);
    for (let entry = first; entry !== undefined; entry = entry.twin) {
      if (entry.length === key.length && hasBytes(key.source, 0, entry.key, entry.length)) return entry.thing;
    }
    return this.add(hash, first);
  }

  private add(hash: number, twin: Entry<T> | undefined): T {
    const content = this.key.content.slice();
    const message = content.subarray(0, this.messageLength);
    const schemaUrl = Buffer.from(content.subarray(this.messageLength, -4)).toString();
    const thing = this.make(message, schemaUrl, contentId(content));
    if (this.count >= maxEntries || this.bytes + content.length > maxBytes) {
      this.entries.clear();
      this.count = 0;
      this.bytes = 0;
      twin = undefined;
    }
    this.count++;
    this.bytes += content.length;
    this.entries.set(hash, { key: paddedView(content), length: content.length, thing, twin });
    return thing;
  }
}
