/** The command line: finds the command, gives it its arguments, and turns what it throws into an exit code. */
import { ConfigError, describeError } from '../base/errors.ts';
import { closest } from './closest.ts';
import { type Command, CommandError, type Terminal, UsageError } from './command.ts';
import { config } from './config.ts';
import { commandHelp, generalHelp } from './help.ts';
import { serve } from './serve.ts';
import { trace } from './trace.ts';
import { version } from './version.ts';
import { why } from './why.ts';

const commands: readonly Command[] = [serve, trace, why, config, version];

/** Resolves with the exit code: 0 done, 1 could not, 2 asked wrongly, 3 slower than allowed. */
export async function run(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    return help(rest[0], terminal, first === undefined);
  }
  const name = first === '--version' || first === '-v' ? 'version' : first;
  const command = commands.find((c) => c.name === name);
  if (command === undefined) return unknown(first, terminal);
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(commandHelp(command));
    return 0;
  }
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    return explain(error, command, terminal);
  }
}

/** Asked for, help is an answer; without a command it is what went wrong. */
function help(about: string | undefined, terminal: Terminal, isError: boolean): number {
  if (about === undefined) {
    if (isError) terminal.err(generalHelp(commands));
    else terminal.out(generalHelp(commands));
    return isError ? 2 : 0;
  }
  const command = commands.find((c) => c.name === about);
  if (command === undefined) return unknown(about, terminal);
  terminal.out(commandHelp(command));
  return 0;
}

function unknown(given: string, terminal: Terminal): number {
  const names = commands.map((c) => c.name);
  const near = closest(given, names);
  const advice = near === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${near}?`;
  terminal.err(`ariane: unknown command "${given}"; ${advice}\n`);
  return 2;
}

function explain(error: unknown, command: Command, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.err(`ariane ${command.name}: ${error.message}\nSee ariane ${command.name} --help\n`);
    return 2;
  }
  if (error instanceof CommandError || error instanceof ConfigError) {
    terminal.err(`ariane: ${error instanceof ConfigError ? describeError(error) : error.message}\n`);
    return 1;
  }
  // Anything else is a bug of Ariane: whoever reports it needs all of it.
  terminal.err(`ariane: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

function processTerminal(): Terminal {
  // `ariane trace … | head` closes the pipe early; that is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env: process.env,
    isTty: process.stdout.isTTY,
    columns: process.stdout.columns,
  };
}
