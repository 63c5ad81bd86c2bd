/** Traces for the tests of this folder, written as an outline: indentation is parenthood, then `service name start end`. */
import { spanFlag, buildTrace, type Trace } from '../../../src/model/trace.ts';
import { spanKind } from '../../../src/model/span.ts';

/**
 *   traceOf(`
 *     shop checkout 0 500
 *       auth login 10 60
 *       order SELECT 100 450 error
 *   `)
 *
 * Words after the times: `error`, a span kind, `parent=ID` for a parent that is not there. The n-th line has the id n.
 */
export function traceOf(outline: string): Trace {
  const open: { indent: number; id: string }[] = [];
  const lines = outline.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line, i) => {
    const indent = line.search(/\S/);
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const [service = '', name = '', start = '0', end = '0', ...words] = line.trim().split(/\s+/);
    const id = idOf(i + 1);
    const missing = words.find((word) => word.startsWith('parent='))?.slice('parent='.length);
    const parentSpanId = missing?.padStart(16, '0') ?? open.at(-1)?.id ?? '';
    open.push({ indent, id });
    const kind = Object.entries(spanKind).find(([kindName]) => words.includes(kindName))?.[1] ?? spanKind.internal;
    return {
      spanId: id,
      parentSpanId,
      startNs: BigInt(start),
      endNs: BigInt(end),
      service,
      name,
      kind,
      flags: words.includes('error') ? spanFlag.error : 0,
    };
  });
  return buildTrace('ab'.repeat(16), rows);
}

export function idOf(n: number): string {
  return n.toString(16).padStart(16, '0');
}
