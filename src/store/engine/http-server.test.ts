import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestEngine, type TestEngine } from './test-engine.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ readers: 3, maxWaiting: 2 });
});
afterAll(() => engine.stop());

/** One raw request, as any HTTP client sends it. */
async function post(
  query: string,
  options: {
    params?: Record<string, string>;
    body?: string | Uint8Array;
    headers?: Record<string, string>;
    signal?: AbortSignal;
  } = {},
) {
  const url = `${engine.url}/?${new URLSearchParams({ ...(options.body === undefined ? {} : { query }), ...options.params }).toString()}`;
  const response = await fetch(url, {
    method: 'POST',
    body: options.body ?? query,
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** A query that works until it is stopped. */
const endless = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 5';

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function countRunning(like: string): Promise<number> {
  const { text } = await post(
    `SELECT count() FROM system.processes WHERE query LIKE {like:String} AND query NOT LIKE '%system.processes%'`,
    {
      params: { param_like: like },
    },
  );
  return Number(text);
}

describe('the protocol', () => {
  test('a ping is answered', async () => {
    expect(await (await fetch(`${engine.url}/ping`)).text()).toBe('Ok.\n');
  });

  test('a query comes in the address or the body, its format from the text, the parameter or the default', async () => {
    expect(await (await fetch(`${engine.url}/?query=SELECT%201,2`)).text()).toBe('1\t2\n');
    expect((await post('SELECT 1 AS x FORMAT JSONEachRow')).text).toBe('{"x":1}\n');
    expect((await post('SELECT 1 AS x', { params: { default_format: 'CSV' } })).text).toBe('1\n');
    expect((await post('SELECT 1', { params: { query_id: 'mine' } })).headers.get('x-clickhouse-query-id')).toBe(
      'mine',
    );
  });

  test('a GET only reads', async () => {
    const response = await fetch(`${engine.url}/?query=DROP%20TABLE%20x`);
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('164');
  });

  test('an error carries its code in the header and its text in the body', async () => {
    const { status, text, headers } = await post('SELECT nope FROM nowhere');
    expect(status).toBe(500);
    expect(headers.get('x-clickhouse-exception-code')).toBe('60');
    expect(text).toMatch(/^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\)/);
  });

  test('parameters are bound by type, whatever they hold', async () => {
    const client = createClient({ url: engine.url });
    const hostile = `a'b"c\\d\n\te\0\r{x:UInt8} \${y} ;DROP TABLE t -- é 🧵`;
    const result = await client.query({
      query:
        'SELECT {s:String} AS s, {list:Array(String)} AS list, {n:Int64} AS n, {m:Map(String, String)} AS m, {none:Nullable(String)} AS none',
      query_params: {
        s: hostile,
        list: [hostile, ''],
        n: -9223372036854775808n,
        m: { [hostile]: hostile },
        none: null,
      },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    expect(await result.json()).toEqual([
      { s: hostile, list: [hostile, ''], n: '-9223372036854775808', m: { [hostile]: hostile }, none: null },
    ]);
    await client.close();
  });

  test('a value of an earlier query never stands in for one that is missing', async () => {
    for (let i = 0; i < 6; i++)
      expect((await post('SELECT {once:String}', { params: { param_once: 'secret' } })).text).toBe('secret\n');
    for (let i = 0; i < 6; i++)
      expect((await post('SELECT {once:String}')).headers.get('x-clickhouse-exception-code')).toBe('456');
  });

  test('parameters of queries that run at the same moment do not mix', async () => {
    const answers = await Promise.all(
      Array.from({ length: 3 }, async (_, lane) => {
        const wrong: string[] = [];
        for (let i = 0; i < 60; i++) {
          const value = `${lane}-${i}`;
          const { text } = await post('SELECT {v:String}', { params: { param_v: value } });
          if (text !== `${value}\n`) wrong.push(text);
        }
        return wrong;
      }),
    );
    expect(answers.flat()).toEqual([]);
  });

  test('settings of a request hold for it alone', async () => {
    const asked = await post(`SELECT getSetting('max_block_size')`, { params: { max_block_size: '77' } });
    expect(asked.text).toBe('77\n');
    const others = await Promise.all(Array.from({ length: 3 }, () => post(`SELECT getSetting('max_block_size')`)));
    expect(others.map((o) => o.text)).not.toContain('77\n');
    const unknown = await post('SELECT 1', { params: { no_such_setting: '1' } });
    expect(unknown.headers.get('x-clickhouse-exception-code')).toBe('115');
    expect((await post(`SELECT getSetting('max_block_size')`)).text).not.toBe('77\n');
  });

  test('a reading session cannot write', async () => {
    await post('CREATE TABLE IF NOT EXISTS kept (id UInt64) ENGINE = MergeTree ORDER BY id');
    const { headers } = await post('WITH one AS (SELECT 1 AS id) INSERT INTO kept SELECT id FROM one');
    expect(headers.get('x-clickhouse-exception-code')).toBe('164');
    const forced = await post('EXPLAIN SYNTAX SELECT 1', { params: { readonly: '0' } });
    expect(forced.status).toBe(200);
    expect((await post(`SELECT getSetting('readonly')`, { params: { readonly: '0' } })).text).toBe('2\n');
  });

  test('a binary answer streams whole, and breaks off when the query fails half-way', async () => {
    const whole = await fetch(
      `${engine.url}/?query=${encodeURIComponent('SELECT number FROM numbers(1000000) FORMAT RowBinary')}`,
    );
    const bytes = new Uint8Array(await whole.arrayBuffer());
    expect(bytes.length).toBe(8_000_000);
    expect(new DataView(bytes.buffer).getBigUint64(7_999_992, true)).toBe(999_999n);
    const sql = 'SELECT throwIf(number = 900000) FROM numbers(1000000) FORMAT RowBinary';
    const broken = await fetch(`${engine.url}/?query=${encodeURIComponent(sql)}`);
    if (broken.headers.get('x-clickhouse-exception-code') === null)
      await expect(broken.arrayBuffer()).rejects.toThrow();
    else expect(broken.headers.get('x-clickhouse-exception-code')).toBe('395');
  });
});

describe('inserts', () => {
  test('a streamed body in any format is inserted, columns by name', async () => {
    expect(
      (await post('CREATE TABLE pets (id UInt64, name String, tags Array(String)) ENGINE = MergeTree ORDER BY id'))
        .status,
    ).toBe(200);
    const native = await (
      await fetch(
        `${engine.url}/?query=${encodeURIComponent("SELECT ['a','b'] AS tags, toUInt64(7) AS id, 'rex' AS name FORMAT Native")}`,
      )
    ).arrayBuffer();
    expect(
      await post('INSERT INTO pets (id, name, tags) FORMAT Native', { body: new Uint8Array(native) }),
    ).toMatchObject({ status: 200 });
    const body = '{"id":8,"name":"it\'s"}\n{"id":9,"name":"tom","tags":["c"]}\n';
    expect(await post('INSERT INTO pets FORMAT JSONEachRow', { body })).toMatchObject({ status: 200 });
    expect(await post(`INSERT INTO pets (id, name) VALUES (10, 'ben')`)).toMatchObject({ status: 200 });
    expect((await post('SELECT * FROM pets ORDER BY id')).text).toBe(
      "7\trex\t['a','b']\n8\tit\\'s\t[]\n9\ttom\t['c']\n10\tben\t[]\n",
    );
    expect(readdirSync(join(engine.folder, 'spill'))).toEqual([]);
  });

  test('damaged bytes are refused with a code and leave nothing behind', async () => {
    const { headers } = await post('INSERT INTO pets (id) FORMAT Native', {
      body: new Uint8Array([1, 1, 2, 0x69, 0x64, 200, 3, 4]),
    });
    expect(headers.get('x-clickhouse-exception-code')).not.toBeNull();
    expect((await post('SELECT count() FROM pets')).text).toBe('4\n');
    expect(readdirSync(join(engine.folder, 'spill'))).toEqual([]);
  });
});

describe('a query under way', () => {
  test('holds back neither an insert nor a short query', async () => {
    await post('CREATE TABLE IF NOT EXISTS beside (id UInt64) ENGINE = MergeTree ORDER BY id');
    const bytes = await (
      await fetch(`${engine.url}/?query=SELECT%20toUInt64(number)%20AS%20id%20FROM%20numbers(1000)%20FORMAT%20Native`)
    ).arrayBuffer();
    const path = join(engine.folder, 'beside.native');
    writeFileSync(path, new Uint8Array(bytes));
    const insert = () =>
      post('INSERT INTO beside (id) FORMAT Native', { body: '', headers: { 'x-ariane-file': path } });
    await insert();
    await post('SELECT 1');

    const leave = new AbortController();
    const long = post(endless, { signal: leave.signal, params: { max_execution_time: '10' } }).catch(() => 'left');
    await until(async () => (await countRunning('SELECT count() FROM numbers%')) === 1);
    const insertMs: number[] = [];
    const selectMs: number[] = [];
    for (let i = 0; i < 7; i++) {
      const started = performance.now();
      expect((await insert()).status).toBe(200);
      const inserted = performance.now();
      expect((await post('SELECT count() FROM beside WHERE id = 5')).text).toBe(`${i + 2}\n`);
      insertMs.push(inserted - started);
      selectMs.push(performance.now() - inserted);
    }
    expect(await countRunning('SELECT count() FROM numbers%')).toBe(1);
    // The best of some: other tests may use the same cores.
    expect(Math.min(...insertMs)).toBeLessThan(50);
    expect(Math.min(...selectMs)).toBeLessThan(50);
    leave.abort();
    expect(await long).toBe('left');
    await until(async () => (await countRunning('SELECT count() FROM numbers%')) === 0);
  });

  test('dies with its request, and the session serves the next', async () => {
    for (let i = 0; i < 6; i++) {
      const leave = new AbortController();
      const asked = post(endless, { signal: leave.signal }).catch(() => 'left');
      if (i % 2 === 0) await until(async () => (await countRunning('SELECT count() FROM numbers%')) === 1);
      leave.abort();
      expect(await asked).toBe('left');
    }
    await until(async () => (await countRunning('SELECT count() FROM numbers%')) === 0);
    expect((await Promise.all([1, 2, 3].map((n) => post(`SELECT ${n}`)))).map((a) => a.text)).toEqual([
      '1\n',
      '2\n',
      '3\n',
    ]);
  });

  test('stops when a client leaves in the middle of a streamed answer', async () => {
    for (let i = 0; i < 4; i++) {
      const sql = 'SELECT number, randomString(100) FROM numbers(1000000000) FORMAT RowBinary';
      const response = await fetch(`${engine.url}/?query=${encodeURIComponent(sql)}`);
      const reader = response.body?.getReader();
      await reader?.read();
      expect(await countRunning('SELECT number, randomString%')).toBe(1);
      await reader?.cancel();
      await until(async () => (await countRunning('SELECT number, randomString%')) === 0);
    }
  });

  test('ends at its limits of time, rows and memory, each with its code', async () => {
    const code = async (sql: string, params: Record<string, string>) =>
      (await post(sql, { params })).headers.get('x-clickhouse-exception-code');
    expect(await code(endless, { max_execution_time: '0.2' })).toBe('159');
    expect(await code('SELECT number FROM numbers(100)', { max_result_rows: '10' })).toBe('396');
    expect(await code('SELECT uniqExact(number) FROM numbers(10000000)', { max_memory_usage: '20000000' })).toBe('241');
  });

  test('makes others wait in a queue with an end, and those that leave it are not run', async () => {
    const leave = new AbortController();
    const long = [1, 2, 3].map(() => post(endless, { signal: leave.signal }).catch(() => 'left'));
    const waiting = [1, 2].map(() => post(endless, { signal: leave.signal }).catch(() => 'left'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const refused = await post('SELECT 1');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('x-clickhouse-exception-code')).toBe('202');
    leave.abort();
    expect(await Promise.all([...long, ...waiting])).toEqual(Array.from({ length: 5 }, () => 'left'));
    await until(async () => (await post('SELECT 1')).text === '1\n');
  });
});

test('a socket of the engine belongs to its owner alone', async () => {
  const socket = join(engine.folder, 'private.sock');
  const other = await startTestEngine({ listen: { socket } });
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  await other.stop();
});
