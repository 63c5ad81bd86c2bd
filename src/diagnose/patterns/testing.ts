/** For tests of the patterns: a drawn trace's causes as a person reads them. Not part of the program. */
import { spanFlag, type Trace } from '../../model/trace.ts';
import { diagnoseTrace } from '../diagnose-trace.ts';
import type { SpanDetail } from '../scene.ts';
import { nameOf } from '../scene.ts';
import type { Usuals } from '../usual.ts';
import type { TraceVerdict } from '../verdict-types.ts';

export const failed = { flags: spanFlag.error };
export const client = { kind: 'client' } as const;
export const server = { kind: 'server' } as const;
export const query = { kind: 'client', flags: spanFlag.database } as const;

/** `details` by span name. Asserts what holds of every verdict: the causes add up. */
export function judged(
  trace: Trace,
  { details = {}, usual }: { details?: Record<string, Record<string, string | bigint>>; usual?: Usuals } = {},
): TraceVerdict {
  const verdict = diagnoseTrace(trace, {
    language: 'en',
    settled: true,
    ...(usual && { usual }),
    detailOf(row): SpanDetail | undefined {
      const given = details[nameOf(trace, row)];
      return given && { attributes: new Map(Object.entries(given)), resource: new Map(), statusMessage: '' };
    },
  });
  const sum = verdict.causes.reduce((ns, cause) => ns + cause.contribution_ns, 0);
  if (sum !== verdict.duration_ns || verdict.unexplained_ns !== 0)
    throw new Error(`${sum} ns of ${verdict.duration_ns}`);
  return verdict;
}

/** `kind service · operation ms` of the first cause, and why. */
export function first(trace: Trace, more: Parameters<typeof judged>[1] = {}): string {
  const [cause] = judged(trace, more).causes;
  if (cause === undefined) return '';
  const { kind, service, operation, contribution_ns, sentence } = cause;
  return `${kind} ${service} · ${operation} ${contribution_ns / 1e6}: ${sentence.text}`;
}

export function kindsOf(trace: Trace, more: Parameters<typeof judged>[1] = {}): string[] {
  return judged(trace, more).causes.map((cause) => cause.kind);
}
