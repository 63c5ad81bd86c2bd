import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Drawn, span } from '../../../test/fixtures/draw-trace.ts';
import { spanFlag } from '../../model/trace.ts';
import { wholeMeans } from './decompose.ts';
import { type DrawnCall, firstCause, judge, noisy } from '../../../test/fixtures/judge-endpoint.ts';

const client = { kind: 'client' } as const;
const server = { kind: 'server' } as const;
const query = { kind: 'client', flags: spanFlag.database } as const;
const failed = { kind: 'client', flags: spanFlag.error } as const;

type Part = readonly [name: string, ms: number, ...rest: (Partial<Drawn> | ((from: number, to: number) => Drawn))[]];

/** A call of the endpoint made of parts, one after another. */
function call(...parts: readonly Part[]): Drawn {
  let at = 2;
  const children = parts.map(([name, ms, ...rest]) => {
    const from = at;
    at += ms;
    return span(name, from, at, ...rest.map((r) => (typeof r === 'function' ? r(from, at) : r)));
  });
  return span('shop/GET /', 0, at + 2, server, ...children);
}

const some = (i: number) => i % 12 === 0;

/** 400 calls; every twelfth is different. */
function population(
  draw: (is: boolean, noise: (median: number) => number, i: number) => Drawn | DrawnCall,
): DrawnCall[] {
  const noises = Array.from({ length: 5 }, (_, k) => noisy(1, 400, k + 50));
  return Array.from({ length: 400 }, (_, i) => {
    let k = 0;
    const drawn = draw(some(i), (median) => median * (noises[k++ % 5]?.[i] ?? 1), i);
    return 'root' in drawn ? drawn : { root: drawn };
  });
}

describe('the cause', () => {
  it('is what grew, not what is always long', () => {
    const calls = population((is, n) => call(['shop/render', n(200)], ['shop/SELECT', is ? n(120) : n(5), query]));
    const verdict = judge({ calls });
    expect(verdict.causes[0]).toMatchObject({ kind: 'database', service: 'shop', operation: 'SELECT' });
    expect(verdict.verdict.text).toMatch(
      /^GET \/ takes \d+ ms more than usual \(.*\): 1\d\d ms in shop · SELECT, one query: 1\d\d ms instead of \S+ ms\.$/,
    );
    expect(verdict.causes.reduce((sum, c) => sum + c.excess_ns, 0)).toBe(verdict.slow.mean_ns - verdict.usual.mean_ns);
    expect(verdict.causes[0]?.evidence).toHaveLength(5);
    expect(verdict.what_if?.then_p99_ns).toBeLessThan(verdict.what_if?.p99_ns ?? 0);
  });

  it('is no child that nobody waits for, and no parallel sibling off the path', () => {
    const calls = population((is, n) => {
      const root = call(['shop/render', n(100)], ['shop/load', is ? n(90) : n(4)]);
      const late = span('audit/write', 10, is ? 900 : n(300));
      const beside = span('shop/warm', 3, is ? 60 : n(5));
      return { ...root, children: [...(root.children ?? []), late, beside] };
    });
    expect(firstCause({ calls })).toMatch(/^own-time shop · load (?:8|9)\d$/);
  });

  it('is a retry, even one that succeeds', () => {
    const calls = population((is, n) =>
      is
        ? {
            ...call(['shop/a', n(50)]),
            to: 400,
            children: [span('shop/a', 2, 52), span('shop/POST', 60, 65, failed), span('shop/POST', 365, 375, client)],
          }
        : call(['shop/a', n(50)], ['shop/POST', n(10), client]),
    );
    expect(firstCause({ calls })).toMatch(/^retry shop · POST 30\d$/);
    expect(judge({ calls }).causes[0]?.sentence.text).toBe('2 tries, 1 failed (error), 300 ms between tries');
  });

  it('is a loop of queries where there is one as a rule', () => {
    const calls = population((is, n) => {
      const times = Array.from({ length: is ? 30 : 1 }, (_, k): Part => [`shop/SELECT item ${k}`, n(5), query]);
      return call(['shop/a', n(50)], ...times);
    });
    expect(firstCause({ calls })).toMatch(/^n-plus-one shop · SELECT item \? 1[45]\d$/);
    expect(judge({ calls }).causes[0]?.sentence.values).toEqual({ n: 30, u: 1 });
  });

  it('is lost parallelism', () => {
    const calls = population((is, n) => {
      const ms = [n(60), n(70), n(80)];
      let at = 5;
      const children = ms.map((took, k) => {
        const from = at;
        if (is) at += took;
        return span(`shop/GET /${'abc'[k]}`, from, from + took, client);
      });
      const end = Math.max(...children.map((c) => c.to)) + 5;
      return span('shop/GET /', 0, end, server, ...children);
    });
    expect(firstCause({ calls })).toMatch(/^serial-calls shop · GET \/ 1\d\d$/);
  });

  it('is a call that usual requests do not make, with all below it', () => {
    const fallback = (from: number, to: number) => span('old/GET', from + 2, to - 2, server);
    const calls = population((is, n) =>
      call(['shop/a', n(50)], ['shop/cache', n(1)], ...(is ? [['shop/GET old', n(90), client, fallback] as Part] : [])),
    );
    expect(firstCause({ calls })).toMatch(/^new-call shop · GET old 9\d$/);
  });

  it('is a service without spans, by the call to it', () => {
    const calls = population((is, n) => ({
      root: call(['shop/a', n(50)], ['shop/POST', is ? n(150) : n(10), client]),
      details: { POST: { 'server.address': 'bank.example' } },
    }));
    expect(judge({ calls }).causes[0]).toMatchObject({
      kind: 'external',
      operation: 'POST',
      sentence: { text: 'waiting for bank.example, which sends no spans' },
    });
  });

  it('are two, when two went wrong', () => {
    const calls = population((is, n, i) =>
      call(
        ['shop/SELECT a', is ? n(150) : n(5), query],
        ['shop/a', n(30)],
        ['shop/SELECT b', i % 11 === 3 ? n(140) : n(5), query],
      ),
    );
    const verdict = judge({ calls, minDurationNs: 120e6 });
    expect(
      verdict.causes
        .slice(0, 2)
        .map((c) => c.operation)
        .sort(),
    ).toEqual(['SELECT a', 'SELECT b']);
    expect(verdict.verdict.text).toContain('; then ');
  });
});

describe('what the slow ones have in common', () => {
  it('is one customer, not an id that each call has of its own', () => {
    const calls = population((is, n, i) => ({
      root: call(['shop/a', n(50)], ['shop/SELECT', is ? n(150) : n(5), query]),
      details: { 'GET /': { tenant: is ? 'acme' : `t${i % 7}`, 'request.id': `r${i}`, region: 'eu' } },
    }));
    const [cause] = judge({ calls }).causes;
    expect(cause?.attributes.map(({ key, value }) => `${key}=${value}`)).toEqual(['tenant=acme']);
    expect(judge({ calls }).verdict.text).toMatch(
      /; 100% of the slow ones have tenant = acme, 0% of the usual ones\.$/,
    );
  });

  it('is nothing where nothing differs', () => {
    const calls = population((is, n, i) => ({
      root: call(['shop/a', n(50)], ['shop/SELECT', is ? n(150) : n(5), query]),
      details: { 'GET /': { tenant: `t${(i * 7) % 5}`, region: 'eu' } },
    }));
    expect(judge({ calls }).causes[0]?.attributes).toEqual([]);
  });

  it('is a number above what is usual', () => {
    const calls = population((is, n, i) => ({
      root: call(['shop/a', n(50)], ['shop/SELECT', is ? n(150) : n(5), query]),
      details: { SELECT: { rows: BigInt(is ? 5000 + i : 10 + (i % 40)) } },
    }));
    expect(judge({ calls }).causes[0]?.attributes[0]).toMatchObject({
      key: 'rows',
      value: expect.stringMatching(/^> \d+$/),
    });
  });

  it('is the version since which it is so', () => {
    const calls = Array.from({ length: 300 }, (_, i) => {
      const is = i >= 180;
      const ms = noisy(1, 300, 9)[i] ?? 1;
      return {
        root: call(['shop/a', 50 * ms], ['shop/b', (is ? 80 : 10) * ms]),
        details: { '': { 'service.version': is ? '2.0.0' : '1.9.0' } },
      };
    });
    const verdict = judge({ calls });
    expect(verdict.causes[0]).toMatchObject({ operation: 'b', kind: 'own-time' });
    expect(verdict.causes[0]?.attributes[0]).toMatchObject({ key: 'service.version', value: '2.0.0' });
    expect(Math.abs((verdict.since_ms ?? 0) - 1_790_000_180_000)).toBeLessThan(5_000);
  });
});

describe('silence', () => {
  it('where nothing is wrong: it is always so, or within what is usual', () => {
    const always = judge({ calls: population((_, n) => call(['shop/a', n(50)], ['shop/render', n(200)])) });
    expect(always.found).toBe('healthy');
    expect(always.verdict.text).toMatch(/^GET \/ is always like this; [78]\d% of it is shop · render/);
    const even = judge({ calls: population((_, n) => call(['shop/a', n(50)], ['shop/b', n(50)], ['shop/c', n(50)])) });
    expect(even.verdict.id).toBe('healthy');
  });

  it('where too little is known: it says so', () => {
    const calls = population((is, n) => call(['shop/a', is ? n(500) : n(50)])).slice(0, 20);
    const verdict = judge({ calls });
    expect(verdict.found).toBe('too-little');
    expect(verdict.verdict.text).toContain('too few traces to say');
    expect(judge({ calls: [] })).toMatchObject({ found: 'too-little', causes: [], unexplained_ns: 0 });
  });

  it('where the slow ones are slow each for a reason of its own', () => {
    const calls = population((is, n, i) =>
      call(
        ...Array.from(
          { length: 12 },
          (_, k): Part => [`shop/part ${'abcdefghijkl'[k]}`, is && (i / 12) % 12 === k ? 150 : n(10)],
        ),
      ),
    );
    const verdict = judge({ calls });
    expect(verdict.found).toBe('spread');
    expect(verdict.verdict.id).toBe('lead.endpoint');
    expect(verdict.verdict.text).toContain('no single cause');
  });
});

it('compares with another time', () => {
  const at = (ms: number) => population((_, n) => call(['shop/a', n(50)], ['shop/b', n(ms)]));
  expect(firstCause({ calls: at(60), baseline: at(20) })).toMatch(/^own-time shop · b 4\d$/);
  expect(firstCause({ calls: at(20), baseline: at(60) })).toBe('healthy');
});

it('means in whole ns keep their sum', () => {
  expect(wholeMeans([Float64Array.of(1, 1, 2), Float64Array.of(0, 1, 0), Float64Array.of(5, 5, 6)])).toEqual([2, 0, 5]);
  expect(wholeMeans([])).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(1e9), { minLength: 3, maxLength: 3 }), { minLength: 1 }), (columns) => {
      const means = wholeMeans(columns.map((column) => Float64Array.from(column)));
      const total = columns.flat().reduce((a, b) => a + b, 0);
      expect(means.reduce((a, b) => a + b, 0)).toBe(Math.round(total / 3));
    }),
  );
});
