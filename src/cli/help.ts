/** The help texts, made from the commands themselves. */
import type { Command } from './command.ts';

export function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((c) => c.usage.length)) + 2;
  const examples = commands.flatMap((c) => c.examples);
  return [
    'Ariane answers one question: why is it slow? It takes in traces, keeps them, and says which operation costs the time.',
    '',
    'Usage: ariane COMMAND [FLAGS]',
    '',
    ...commands.map((c) => `  ${c.usage.padEnd(width)}${c.summary}`),
    '',
    'Examples:',
    ...listed(examples),
    '',
    'The flags of a command: ariane COMMAND --help',
    '',
  ].join('\n');
}

export function commandHelp({ usage, summary, flags, examples }: Command): string {
  const shown = Object.entries(flags).map(
    ([name, flag]) => [`--${name}${flag.type === 'boolean' ? '' : ` ${flag.value ?? 'VALUE'}`}`, flag.help] as const,
  );
  return [
    `Usage: ariane ${usage}${shown.length > 0 ? ' [FLAGS]' : ''}`,
    '',
    `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`,
    ...(shown.length > 0 ? ['', 'Flags:', ...listed(shown)] : []),
    ...(examples.length > 0 ? ['', 'Examples:', ...listed(examples)] : []),
    '',
  ].join('\n');
}

function listed(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([left]) => left.length)) + 2;
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}
