/** What a command is, and what it may touch of the terminal. */
import { parseArgs } from 'node:util';
import { closest } from './closest.ts';

/** The process as commands see it: tests give another. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `out` is read by a person, and how wide that person's window is. */
  readonly isTty: boolean;
  readonly columns: number | undefined;
}

export interface Flag {
  /** `strings` may be given several times. */
  readonly type: 'boolean' | 'string' | 'strings';
  /** What stands for the value in the help: `--url URL`. */
  readonly value?: string;
  readonly help: string;
}

export type FlagValues<F extends Record<string, Flag>> = {
  readonly [K in keyof F]?: ValueOf<F[K]['type']>;
};

type ValueOf<T extends Flag['type']> = T extends 'boolean' ? boolean : T extends 'strings' ? readonly string[] : string;

export interface Command {
  readonly name: string;
  /** After `ariane`: `trace ID | --last | --slowest`. */
  readonly usage: string;
  /** One line, lower case. */
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Command lines and what they do. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** Resolves with the exit code: 0 done, 1 could not, 2 asked wrongly, 3 slower than allowed. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** The command line makes no sense: exit code 2 and where to read more. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked for could not be done, and the message says what to do: exit code 1 without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Fixes the types, so that `values` in `run` are what `flags` says. */
export function command<F extends Record<string, Flag>>(
  definition: Omit<Command, 'run' | 'flags'> & {
    readonly flags: F;
    /** How many words may follow the name. Default: none. */
    readonly mostWords?: number;
    readonly run: (values: FlagValues<F>, words: readonly string[], terminal: Terminal) => Promise<number>;
  },
): Command {
  const { run, mostWords = 0, ...rest } = definition;
  return {
    ...rest,
    async run(args, terminal) {
      const { values, words } = parse(definition.flags, args);
      if (words.length > mostWords) throw new UsageError(`"${words[mostWords]}" is one word too many`);
      // parse() checked each value against the type that its flag declares.
      return run(values as FlagValues<F>, words, terminal);
    },
  };
}

function parse(flags: Readonly<Record<string, Flag>>, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type }]) => [name, { type: type === 'boolean' ? type : 'string' } as const]),
  );
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const values: Record<string, boolean | string | string[]> = {};
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) throw new UsageError(unknownFlag(token.rawName, Object.keys(flags)));
    if (flag.type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value, got "${token.value}"`);
      values[token.name] = true;
    } else {
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${flag.value ?? 'VALUE'}`);
      }
      const before = values[token.name];
      if (flag.type === 'string') values[token.name] = token.value;
      else values[token.name] = [...(Array.isArray(before) ? before : []), token.value];
    }
  }
  return { values, words };
}

function unknownFlag(given: string, known: readonly string[]): string {
  const near = closest(given.replace(/^-+/, ''), known);
  return `unknown flag ${given}${near === undefined ? '' : `; did you mean --${near}?`}`;
}
