import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Drawn, draw, span } from '../../../test/fixtures/draw-trace.ts';
import { diagnoseTrace } from '../../diagnose/diagnose-trace.ts';
import { narrowSpace } from '../../diagnose/format.ts';
import { type Usuals, usualKey } from '../../diagnose/usual.ts';
import type { Language } from '../../diagnose/verdict-types.ts';
import { buildTrace, spanFlag, type Trace } from '../../model/trace.ts';
import { colours, paintFor, plain } from './paint.ts';
import { textWidth } from './text-width.ts';
import { renderTree, type TreeOptions } from './tree.ts';

const database = { flags: spanFlag.database };
const failed = { flags: spanFlag.error };

const tutorial = draw(
  span(
    'frontend/GET /checkout',
    0,
    500,
    span('auth/POST /login', 10, 60),
    span('order/POST /orders', 70, 470, span('order/SELECT orders', 100, 450, database)),
  ),
);
const usual: Usuals = new Map([[usualKey('order', 'SELECT orders'), { p50Ns: 28e6, count: 40 }]]);

/** As printed, narrow spaces as `_`, ends of lines without blanks. */
function printed(trace: Trace, more: Partial<TreeOptions> & { usual?: Usuals } = {}): string {
  const language: Language = more.language ?? 'en';
  const question = { language, settled: true, ...(more.usual === undefined ? {} : { usual: more.usual }) };
  const options = { language, paint: plain, columns: undefined, all: false, ...more };
  return `\n${renderTree(trace, diagnoseTrace(trace, question), options).join('\n')}\n`.replaceAll(narrowSpace, '_');
}

describe("the tutorial's tree", () => {
  it('in English', () => {
    expect(printed(tutorial, { usual })).toBe(`
Trace abc1234 · GET /checkout · 500 ms
└── frontend   GET /checkout              500 ms
    ├── auth   POST /login                 50 ms
    └── order  POST /orders               400 ms
        └── order  SELECT orders          350 ms   ◀ the time goes here: 12× its usual 28 ms
`);
  });

  it('in French', () => {
    expect(printed(tutorial, { usual, language: 'fr' })).toBe(`
Trace abc1234 · GET /checkout · 500_ms
└── frontend   GET /checkout              500_ms
    ├── auth   POST /login                 50_ms
    └── order  POST /orders               400_ms
        └── order  SELECT orders          350_ms   ◀ c'est là que ça coince_: 12× ses 28_ms habituelles
`);
  });

  it('without a usual names the share', () => {
    expect(printed(tutorial)).toContain('SELECT orders          350 ms   ◀ the time goes here · 350 ms (70%)\n');
    expect(printed(tutorial, { language: 'fr' })).toContain("◀ c'est là que ça coince · 350_ms (70_%)\n");
  });

  it('in a narrow window puts the tag below, and then cuts names, never a duration', () => {
    expect(printed(tutorial, { usual, columns: 80 })).toBe(`
Trace abc1234 · GET /checkout · 500 ms
└── frontend   GET /checkout              500 ms
    ├── auth   POST /login                 50 ms
    └── order  POST /orders               400 ms
        └── order  SELECT orders          350 ms
                   ◀ the time goes here: 12× its usual 28 ms
`);
    expect(printed(tutorial, { columns: 36 })).toBe(`
Trace abc1234 · GET /checkout · 500 ms
└── frontend   GET /checko…   500 ms
    ├── auth   POST /login     50 ms
    └── order  POST /orders   400 ms
        └── order  SELECT …   350 ms
 ◀ the time goes here · 350 ms (70%)
`);
  });

  it('in colours marks the culprit and dims the lines of the tree', () => {
    const text = printed(tutorial, { usual, paint: colours });
    expect(text).toContain('\u001b[2m        └── \u001b[0morder  \u001b[1;33mSELECT orders\u001b[0m          350 ms');
    expect(text).toContain('   \u001b[1;33m◀ the time goes here: 12× its usual 28 ms\u001b[0m');
    expect(stripVTControlCharacters(text)).toBe(printed(tutorial, { usual }));
  });
});

describe('many spans', () => {
  const calls = (n: number, more: (i: number) => Partial<Drawn> = () => ({})) =>
    Array.from({ length: n }, (_, i) => span('order/SELECT item', i * 10, i * 10 + 9, { ...database, ...more(i) }));

  it('of one name and parent fold from five on, except the culprit and errors', () => {
    expect(printed(draw(span('web/GET', 0, 100, ...calls(5))))).toBe(
      `
Trace abc1234 · GET · 100 ms
└── web  GET                              100 ms   ◀ the time goes here · 55 ms (55%)
    └── order  SELECT item ×5              45 ms
`,
    );
    expect(printed(draw(span('web/GET', 0, 70, ...calls(7, (i) => (i === 3 ? failed : {})))))).toBe(`
Trace abc1234 · GET · 70 ms
└── web  GET                               70 ms
    ├── order  SELECT item                  9 ms   ◀ the time goes here · 9 ms (13%)
    ├── order  SELECT item ×5              45 ms
    └── order  SELECT item                  9 ms
`);
    expect(printed(draw(span('web/GET', 0, 100, ...calls(4)))).match(/SELECT item/g)).toHaveLength(4);
  });

  it('show in focus when they are too many: what costs, what failed, and how much is left out', () => {
    const quick = Array.from({ length: 300 }, (_, i) => span(`s/step${i}`, 800 + i / 10, 800 + (i + 1) / 10));
    const trace = draw(span('web/GET', 0, 1000, span('api/load', 0, 800, span('api/fail', 5, 6, failed)), ...quick));
    expect(printed(trace)).toBe(`
Trace abc1234 · GET · 1 s
└── web  GET                                 1 s
    ├── api  load                         800 ms   ◀ the time goes here · 799 ms (80%)
    │   └── api  fail                       1 ms
    └── 300 spans · 30 ms on the path
`);
    expect(printed(trace, { all: true }).split('\n')).toHaveLength(306);
    expect(printed(trace, { language: 'fr' })).toContain('└── 300 spans · 30_ms sur le chemin critique');
  });

  it('stay readable 1,000 deep', () => {
    let chain = span('s/leaf', 0, 10);
    for (let i = 0; i < 1000; i++) chain = span('s/up', 0, 10 + i * 20, chain);
    const lines = printed(draw(chain), { all: true }).split('\n');
    expect(lines).toHaveLength(1004);
    expect(Math.max(...lines.map(textWidth))).toBeLessThan(100);
  });
});

describe('broken and hostile traces', () => {
  it('stand below the parent that never arrived', () => {
    const trace = draw(span('web/GET', 0, 50), span('db/SELECT', 5, 45, { orphan: true }));
    expect(printed(trace)).toBe(
      `
Trace abc1234 · GET · 50 ms
├── web     GET                            50 ms   ◀ the time goes here · 50 ms (100%)
└── span ffff… never arrived
    └── db  SELECT                         40 ms
`,
    );
    expect(printed(trace, { language: 'fr' })).toContain('└── span ffff… jamais reçu');
  });

  it('cannot move the cursor, break a line or turn it around', () => {
    const text = printed(draw(span('we\u001b[2Jb/a\nb\u202ec\u0007', 0, 5)));
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toContain('we\ufffd[2Jb  a b\ufffdc\ufffd');
  });

  it('of 150,000 orphans of one parent are printed, each on a line of its own where that is asked', () => {
    const rows = Array.from({ length: 150_000 }, (_, i) => ({
      spanId: (i + 1).toString(16).padStart(16, '0'),
      parentSpanId: 'f'.repeat(16),
      startNs: BigInt(i),
      endNs: BigInt(i + 1),
      service: 'a',
      name: 'b',
      kind: 1,
      flags: 0,
    }));
    const trace = buildTrace('abc1234'.padEnd(32, '0'), rows);
    expect(printed(trace, { all: true }).trim().split('\n')).toHaveLength(150_002);
    expect(printed(trace).trim().split('\n').length).toBeLessThan(20);
  });

  it('of no spans are a head', () => {
    expect(printed(draw())).toBe('\nTrace abc1234 ·  · 0 ms\n');
  });

  it('align though names are wide', () => {
    const lines = printed(draw(span('店/注文', 0, 5, span('a/b', 0, 5))))
      .trim()
      .split('\n');
    expect(new Set(lines.slice(1).map((line) => textWidth(line.replace(/ {3}◀.*/, '')))).size).toBe(1);
  });
});

it('colours are for a terminal, unless NO_COLOR says no or FORCE_COLOR yes', () => {
  expect(paintFor({ isTty: true, env: {} })).toBe(colours);
  expect(paintFor({ isTty: true, env: { NO_COLOR: '1' } })).toBe(plain);
  expect(paintFor({ isTty: true, env: { TERM: 'dumb' } })).toBe(plain);
  expect(paintFor({ isTty: false, env: {} })).toBe(plain);
  expect(paintFor({ isTty: false, env: { FORCE_COLOR: '1' } })).toBe(colours);
});
