/**
 * Reads JSON text (https://www.rfc-editor.org/rfc/rfc8259) piece by piece, for a caller that knows what to expect. Against
 * JSON.parse this keeps 64-bit numbers exact, copies strings as bytes, makes no objects for what is skipped, and bounds depth.
 */
import { isUtf8 } from 'node:buffer';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;

/** Why the text is no JSON, or not the JSON expected. The reader of the document adds the path. */
export class JsonProblem extends Error {}

export class JsonScanner {
  pos = 0;
  private readonly bytes: Buffer;
  private readonly maxDepth: number;
  private depth = 0;

  /** Throws `JsonProblem` unless the bytes are UTF-8. */
  constructor(bytes: Uint8Array, maxDepth: number) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.maxDepth = maxDepth;
    if (!isUtf8(this.bytes)) throw new JsonProblem('expected UTF-8, got other bytes');
    if (this.bytes[0] === 0xef) this.pos = 3; // a byte order mark
  }

  /** The first byte of the next value, as a character: `{`, `[`, `"`, `t`, `f`, `n`, a digit or `-`; `''` at the end. */
  peek(): string {
    const byte = this.next();
    return byte === undefined ? '' : String.fromCharCode(byte);
  }

  /** Calls `field` for each key of an object; it must read or skip the value. */
  object(field: (key: string) => void): void {
    this.open('{');
    if (this.closes('}')) return;
    for (;;) {
      if (this.next() !== quote) throw this.unexpected('a key in double quotes');
      const key = this.string();
      if (this.next() !== colon) throw this.unexpected('":"');
      this.pos++;
      field(key);
      if (this.closes('}')) return;
      if (this.next() !== comma) throw this.unexpected('"," or "}"');
      this.pos++;
    }
  }

  /** Calls `item` for each item of an array; it must read or skip it. */
  array(item: (index: number) => void): void {
    this.open('[');
    if (this.closes(']')) return;
    for (let index = 0; ; index++) {
      item(index);
      if (this.closes(']')) return;
      if (this.next() !== comma) throw this.unexpected('"," or "]"');
      this.pos++;
    }
  }

  string(): string {
    const raw = this.stringBytes();
    return raw.toString('utf8');
  }

  /** The string's UTF-8: a view of the text when nothing in it is escaped. */
  stringBytes(): Buffer {
    if (this.next() !== quote) throw this.unexpected('a string');
    const { bytes } = this;
    const start = this.pos;
    let pos = start + 1;
    let isEscaped = false;
    for (;;) {
      const byte = bytes[pos];
      if (byte === undefined) throw new JsonProblem(`string that begins at byte ${start} does not end`);
      if (byte === quote) break;
      if (byte < 0x20) throw new JsonProblem(`control character in a string at byte ${pos}`);
      if (byte === backslash) {
        isEscaped = true;
        pos++;
      }
      pos++;
    }
    this.pos = pos + 1;
    if (!isEscaped) return bytes.subarray(start + 1, pos);
    return Buffer.from(unescape(bytes.toString('utf8', start, pos + 1), start));
  }

  /** The number's text, as written. */
  number(): string {
    this.next();
    const start = this.pos;
    let pos = start;
    while (isNumberByte(this.bytes[pos])) pos++;
    const text = this.bytes.toString('latin1', start, pos);
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) throw this.unexpected('a number');
    this.pos = pos;
    return text;
  }

  /** `true`, `false` or `null`. */
  word(): boolean | null {
    const byte = this.next();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (byte !== word.charCodeAt(0)) continue;
      if (this.bytes.toString('latin1', this.pos, this.pos + word.length) !== word) break;
      this.pos += word.length;
      return value;
    }
    throw this.unexpected('true, false or null');
  }

  skip(): void {
    switch (this.peek()) {
      case '{':
        this.object(() => this.skip());
        return;
      case '[':
        this.array(() => this.skip());
        return;
      case '"':
        this.stringBytes();
        return;
      case 't':
      case 'f':
      case 'n':
        this.word();
        return;
      default:
        this.number();
    }
  }

  /** Nothing but blanks may follow. */
  end(): void {
    if (this.next() !== undefined) throw this.unexpected('the end');
  }

  unexpected(expected: string): JsonProblem {
    const byte = this.next();
    const got = byte === undefined ? 'the end' : JSON.stringify(String.fromCharCode(byte));
    return new JsonProblem(`expected ${expected}, got ${got} at byte ${this.pos}`);
  }

  private open(bracket: '{' | '['): void {
    if (this.next() !== bracket.charCodeAt(0)) throw this.unexpected(bracket === '{' ? 'an object' : 'an array');
    if (++this.depth > this.maxDepth) throw new JsonProblem(`expected at most ${this.maxDepth} levels, got more`);
    this.pos++;
  }

  private closes(bracket: '}' | ']'): boolean {
    if (this.next() !== bracket.charCodeAt(0)) return false;
    this.pos++;
    this.depth--;
    return true;
  }

  /** The next byte that is not blank. */
  private next(): number | undefined {
    for (;;) {
      const byte = this.bytes[this.pos];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.pos++;
    }
  }
}

function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x65 || byte === 0x45
  );
}

function unescape(quoted: string, at: number): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new JsonProblem(`malformed escape in the string at byte ${at}`);
  }
}
