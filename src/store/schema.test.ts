import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestStore, type TestStore } from './open-test-store.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.stop());

const id = (hex: string) => `unhex('${hex}')`;

test('the view otel_traces of an empty store is empty', async () => {
  expect(await store.database.select({ sql: 'SELECT * FROM otel_traces' })).toEqual([]);
});

test('the view otel_traces shows a span in the OpenTelemetry exporter’s schema', async () => {
  const { database } = store;
  await database.command(
    `INSERT INTO shapes (id, keys, types, day) VALUES (7, ['http.route', 'http.response.status_code'], 'si', '2026-01-02'), (8, ['exception.type'], 's', '2026-01-02')`,
  );
  // Told twice, as after a replay: it must not show twice.
  for (const day of ['2026-01-01', '2026-01-02'])
    await database.command(
      `INSERT INTO resources (id, service, keys, types, vals, day) VALUES (18446744073709551615, 'shop', ['service.name', 'host.name'], 'ss', ['shop', 'h1'], {day:Date})`,
      { day },
    );
  await database.command(`INSERT INTO scopes (id, name, version, day) VALUES (3, 'lib.http', '1.2', '2026-01-02')`);
  const columns = `day, service, name, ts, duration, trace_id, span_id, parent_id, kind, status, status_message, trace_state, res_id, scope_id, shape, vals,
    events.ts, events.name, events.shape, events.vals, events.dropped,
    links.trace_id, links.span_id, links.trace_state, links.flags, links.shape, links.vals, links.dropped`;
  await database.command(`INSERT INTO spans (${columns}) VALUES
    ('2026-01-02', 'shop', 'GET /pay', 1767312000123456789, 5000000, ${id('000102030405060708090a0b0c0d0e0f')}, ${id('0011223344556677')}, ${id('8899aabbccddeeff')},
     2, 2, 'no funds', 'a=b', 18446744073709551615, 3, 7, ['/pay', '402'],
     [1767312000123456790, 1], ['exception', 'odd'], [8, 0], [['Broke'], ['k', 's', 'v', 'n', 'i', '5']], [0, 0],
     [${id('ff0102030405060708090a0b0c0d0e0f')}], [${id('ff11223344556677')}], ['x=y'], [1], [7], [['/', '200']], [0]),
    ('2026-01-02', 'old', 'inline', -1, -5, ${id('00'.repeat(16))}, ${id('0000000000000001')}, ${id('00'.repeat(8))},
     0, 0, '', '', 99, 99, 0, ['new.key', 's', 'x'], [], [], [], [], [], [], [], [], [], [], [], [])`);
  const rows = await database.select({ sql: 'SELECT * FROM otel_traces ORDER BY ServiceName DESC' });
  expect(rows).toEqual([
    {
      Timestamp: '2026-01-02 00:00:00.123456789',
      TraceId: '000102030405060708090a0b0c0d0e0f',
      SpanId: '0011223344556677',
      ParentSpanId: '8899aabbccddeeff',
      TraceState: 'a=b',
      SpanName: 'GET /pay',
      SpanKind: 'Server',
      ServiceName: 'shop',
      ResourceAttributes: { 'service.name': 'shop', 'host.name': 'h1' },
      ScopeName: 'lib.http',
      ScopeVersion: '1.2',
      SpanAttributes: { 'http.route': '/pay', 'http.response.status_code': '402' },
      Duration: '5000000',
      StatusCode: 'Error',
      StatusMessage: 'no funds',
      'Events.Timestamp': ['2026-01-02 00:00:00.123456790', '1970-01-01 00:00:00.000000001'],
      'Events.Name': ['exception', 'odd'],
      'Events.Attributes': [{ 'exception.type': 'Broke' }, { k: 'v', n: '5' }],
      'Links.TraceId': ['ff0102030405060708090a0b0c0d0e0f'],
      'Links.SpanId': ['ff11223344556677'],
      'Links.TraceState': ['x=y'],
      'Links.Attributes': [{ 'http.route': '/', 'http.response.status_code': '200' }],
    },
    {
      Timestamp: '1969-12-31 23:59:59.999999999',
      TraceId: '00000000000000000000000000000000',
      SpanId: '0000000000000001',
      ParentSpanId: '',
      TraceState: '',
      SpanName: 'inline',
      SpanKind: 'Unspecified',
      ServiceName: 'old',
      ResourceAttributes: {},
      ScopeName: '',
      ScopeVersion: '',
      SpanAttributes: { 'new.key': 'x' },
      Duration: '0',
      StatusCode: 'Unset',
      StatusMessage: '',
      'Events.Timestamp': [],
      'Events.Name': [],
      'Events.Attributes': [],
      'Links.TraceId': [],
      'Links.SpanId': [],
      'Links.TraceState': [],
      'Links.Attributes': [],
    },
  ]);
});

test('a condition on the view reads only what it needs', async () => {
  const plan = await store.database.select<{ explain: string }>({
    sql: `EXPLAIN indexes = 1 SELECT count() FROM otel_traces WHERE ServiceName = {service:String}`,
    params: { service: 'shop' },
  });
  expect(plan.map((line) => line.explain).join('\n')).toMatch(/PrimaryKey\s+Keys:\s+service\s/);
});

test('a search for a value uses the text index, its value bound', async () => {
  for (const condition of ['has(vals, {value:String})', 'hasAnyTokens(vals, [{value:String}])']) {
    const plan = await store.database.select<{ explain: string }>({
      sql: `EXPLAIN indexes = 1 SELECT count() FROM spans WHERE ${condition} AND vals[1] = {value:String}`,
      params: { value: '/pay' },
    });
    expect(plan.map((line) => line.explain).join('\n')).toMatch(/Name: by_value[\s\S]*tokens: \["\/pay"\]/);
  }
});

test('a lookup by trace id uses the bloom index', async () => {
  const plan = await store.database.select<{ explain: string }>({
    sql: 'EXPLAIN indexes = 1 SELECT count() FROM spans WHERE trace_id = unhex({id:String})',
    params: { id: '000102030405060708090a0b0c0d0e0f' },
  });
  expect(plan.map((line) => line.explain).join('\n')).toMatch(/Name: by_trace/);
});
