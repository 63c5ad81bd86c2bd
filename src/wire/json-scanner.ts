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

/** Known keys, found by the bytes of a key without making a string of it. */
export class KeyTable<T> {
  private readonly byHash = new Map<number, { readonly name: string; readonly value: T }>();

  /** Names are ASCII. */
  constructor(names: Iterable<readonly [string, T]>) {
    for (const [name, value] of names) {
      const hash = Buffer.from(name).reduce((h, byte) => nextHash(h, byte), 0);
      if (this.byHash.has(hash)) throw new Error(`two names have one hash: ${name}, ${this.byHash.get(hash)?.name}`);
      this.byHash.set(hash, { name, value });
    }
  }

  find(hash: number, bytes: Uint8Array, start: number, end: number): T | undefined {
    const known = this.byHash.get(hash);
    if (known === undefined || known.name.length !== end - start) return undefined;
    for (let i = 0; i < known.name.length; i++) if (bytes[start + i] !== known.name.charCodeAt(i)) return undefined;
    return known.value;
  }
}

function nextHash(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

export class JsonScanner {
  readonly bytes: Buffer;
  /** The last string read by `scanString`, without its quotes, as it stands in the text. */
  start = 0;
  end = 0;
  isEscaped = false;
  private pos = 0;
  private depth = 0;
  private hash = 0;
  /** Whether the array or object being read has had no item yet. */
  private isFirst = false;
  private readonly maxDepth: number;

  /** Throws `JsonProblem` unless the bytes are UTF-8. */
  constructor(bytes: Uint8Array, maxDepth: number) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.maxDepth = maxDepth;
    if (!isUtf8(this.bytes)) throw new JsonProblem('expected UTF-8, got other bytes');
    if (this.bytes[0] === 0xef) this.pos = 3; // a byte order mark
  }

  /** Whether the next value begins with this character: `{`, `[`, `"`, `t`, `f`, `n`, a digit or `-`. */
  isNext(character: string): boolean {
    return this.next() === character.charCodeAt(0);
  }

  enterObject(): void {
    this.enter('{', 'an object');
  }

  enterArray(): void {
    this.enter('[', 'an array');
  }

  /** Steps to the next member of the object entered and past its key; false past the end. Its value must be read or skipped. */
  nextMember(): boolean {
    if (!this.nextInside('}')) return false;
    if (this.next() !== quote) throw this.unexpected('a key in double quotes');
    this.scanString();
    if (this.next() !== colon) throw this.unexpected('":"');
    this.pos++;
    return true;
  }

  /** What the table knows by the key just passed. */
  find<T>(keys: KeyTable<T>): T | undefined {
    if (this.isEscaped) {
      const key = Buffer.from(this.text());
      return keys.find(
        key.reduce((h, byte) => nextHash(h, byte), 0),
        key,
        0,
        key.length,
      );
    }
    return keys.find(this.hash, this.bytes, this.start, this.end);
  }

  /** Steps to the next item of the array entered; false past the end. It must be read or skipped. */
  nextItem(): boolean {
    return this.nextInside(']');
  }

  /** Reads a string and notes where it is. */
  scanString(): void {
    if (this.next() !== quote) throw this.unexpected('a string');
    const { bytes } = this;
    const { length } = bytes;
    const start = this.pos + 1;
    let pos = start;
    let hash = 0;
    this.isEscaped = false;
    for (;;) {
      if (pos >= length) throw new JsonProblem(`string that begins at byte ${start - 1} does not end`);
      const byte = bytes[pos] ?? 0;
      if (byte === quote) break;
      if (byte < 0x20) throw new JsonProblem(`control character in a string at byte ${pos}`);
      if (byte === backslash) {
        this.isEscaped = true;
        pos = this.lastOfEscape(pos);
      }
      hash = nextHash(hash, byte);
      pos++;
    }
    this.start = start;
    this.end = pos;
    this.hash = hash;
    this.pos = pos + 1;
  }

  /** The last string read, with its escapes resolved. */
  text(): string {
    const { bytes, start, end } = this;
    if (!this.isEscaped) return bytes.toString('utf8', start, end);
    return JSON.parse(bytes.toString('utf8', start - 1, end + 1)) as string;
  }

  string(): string {
    this.scanString();
    return this.text();
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
    if (byte === 0x74 && this.isWord('true')) return true;
    if (byte === 0x66 && this.isWord('false')) return false;
    if (byte === 0x6e && this.isWord('null')) return null;
    throw this.unexpected('true, false or null');
  }

  /** Past a value of any kind. */
  skip(): void {
    switch (this.next()) {
      case 0x7b:
        this.enterObject();
        while (this.nextMember()) this.skip();
        return;
      case 0x5b:
        this.enterArray();
        while (this.nextItem()) this.skip();
        return;
      case quote:
        this.scanString();
        return;
      case 0x74:
      case 0x66:
      case 0x6e:
        this.word();
        return;
      default:
        this.number();
    }
  }

  /** Nothing but blanks may follow. */
  finish(): void {
    if (this.next() !== undefined) throw this.unexpected('the end');
  }

  unexpected(expected: string): JsonProblem {
    const byte = this.next();
    const got = byte === undefined ? 'the end' : JSON.stringify(String.fromCharCode(byte));
    return new JsonProblem(`expected ${expected}, got ${got} at byte ${this.pos}`);
  }

  private enter(bracket: '{' | '[', name: string): void {
    if (this.next() !== bracket.charCodeAt(0)) throw this.unexpected(name);
    if (++this.depth > this.maxDepth) throw new JsonProblem(`expected at most ${this.maxDepth} levels, got more`);
    this.pos++;
    this.isFirst = true;
  }

  private nextInside(end: '}' | ']'): boolean {
    const byte = this.next();
    if (byte === end.charCodeAt(0)) {
      this.pos++;
      this.depth--;
      this.isFirst = false;
      return false;
    }
    if (this.isFirst) {
      this.isFirst = false;
      return true;
    }
    if (byte !== comma) throw this.unexpected(`"," or "${end}"`);
    this.pos++;
    return true;
  }

  /** The last byte of the escape that begins with the backslash at `pos`. */
  private lastOfEscape(pos: number): number {
    const { bytes } = this;
    const letter = String.fromCharCode(bytes[pos + 1] ?? 0);
    if (letter === 'u' && /^[0-9a-fA-F]{4}$/.test(bytes.toString('latin1', pos + 2, pos + 6))) return pos + 5;
    if ('"\\/bfnrt'.includes(letter)) return pos + 1;
    throw new JsonProblem(`malformed escape in a string at byte ${pos}`);
  }

  private isWord(word: string): boolean {
    const end = this.pos + word.length;
    if (this.bytes.toString('latin1', this.pos, end) !== word) return false;
    this.pos = end;
    return true;
  }

  /** The next byte that is not blank. */
  private next(): number | undefined {
    for (;;) {
      if (this.pos >= this.bytes.length) return undefined;
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
