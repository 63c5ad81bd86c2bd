import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestDatabase, type TestDatabase, testSpan } from '../query/test-spans.ts';
import { demoData } from './demo-data.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.stop());

const names = async () =>
  (await test.db.select<{ name: string }>({ sql: 'SELECT name FROM spans ORDER BY name' })).map((row) => row.name);

it('is not there at first, and removing nothing is fine', async () => {
  const data = demoData(test.db);
  expect(await data.exists()).toBe(false);
  await data.remove();
});

it('goes without a trace, and leaves a real service of the same name alone', async () => {
  const data = demoData(test.db);
  const resource = { 'ariane.demo': true };
  await test.insert([
    testSpan({ service: 'order', name: 'demo 1', resource }),
    testSpan({ service: 'order', name: 'real 1' }),
    testSpan({ service: 'auth', name: 'real 2', attributes: { 'ariane.demo': true } }),
  ]);
  await test.insert([
    testSpan({ service: 'auth', name: 'demo 2', resource: { ...resource, 'service.version': '1' } }),
    testSpan({ service: 'frontend', name: 'demo 3', resource }),
  ]);
  expect(await data.exists()).toBe(true);
  await data.remove();
  expect(await data.exists()).toBe(false);
  expect(await names()).toEqual(['real 1', 'real 2']);
});

it('can come again after it was removed', async () => {
  const data = demoData(test.db);
  await test.insert([testSpan({ service: 'order', name: 'demo 4', resource: { 'ariane.demo': true } })]);
  expect(await data.exists()).toBe(true);
  await data.remove();
  expect(await names()).toEqual(['real 1', 'real 2']);
});
