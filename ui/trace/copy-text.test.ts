import { describe, expect, test } from 'vitest';
import type { Trace } from '../../src/model/trace.ts';
import { copyText } from './copy-text.ts';
import { traceOf } from './layout/example.ts';
import { layoutRows } from './layout/rows.ts';

const words = {
  duration: (ns: number) => `${ns} ms`,
  times: (n: number) => `×${n}`,
  hidden: (n: number) => `${n} spans`,
  missing: (id: string) => `span ${id}… never arrived`,
};

function copied(trace: Trace, culprit = -1): string {
  const layout = layoutRows(trace, { hasFolds: true, culprit: -1, toggled: new Set() });
  return copyText({
    trace,
    layout,
    culprit,
    tag: 'here',
    verdict: 'It was the query.',
    link: 'http://a/trace/1',
    words,
  });
}

describe('what Copy gives', () => {
  test('is the verdict, the tree as a terminal draws it, and the link', () => {
    const trace = traceOf(`
      frontend GET 0 500
        auth login 10 60
        order orders 80 480
          order SELECT 100 450
      mail send 490 600 parent=4f2a000000000001
    `);
    expect(copied(trace, 3)).toBe(`**It was the query.**

\`\`\`
Trace abababa · GET · 500 ms
├── frontend  GET             500 ms
│   ├── auth   login           50 ms
│   └── order  orders         400 ms
│       └── order  SELECT     350 ms   ◀ here
└── span 4f2a… never arrived
    └── mail  send            110 ms
\`\`\`

http://a/trace/1`);
  });

  test('folds as the page does, and ends after sixty lines', () => {
    const many = Array.from({ length: 9 }, (_, i) => `  db q ${i} ${i + 1}`).join('\n');
    expect(copied(traceOf(`shop checkout 0 100\n${many}`))).toContain('└── db  q ×9');
    const long = Array.from({ length: 90 }, (_, i) => `  db q${i} ${i} ${i + 1}`).join('\n');
    expect(copied(traceOf(`shop checkout 0 100\n${long}`))).toContain('\n… 31 spans\n```');
  });

  test('cannot be broken out of by a name that was sent', () => {
    const trace = traceOf('shop X 0 10');
    const text = copied({ ...trace, names: ['a```\n**b**'] });
    expect(text).toContain('````\nTrace');
    expect(text.split('\n').filter((line) => line.includes('**b**'))).toHaveLength(2);
    expect(text.endsWith('````\n\nhttp://a/trace/1')).toBe(true);
  });
});
