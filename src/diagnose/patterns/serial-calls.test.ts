import { expect, it } from 'vitest';
import { draw, span } from '../../../test/fixtures/draw-trace.ts';
import { client, first, judged, kindsOf, server } from '../../../test/fixtures/judge-trace.ts';

const page = (...calls: [name: string, from: number, to: number][]) =>
  draw(
    span('web/GET /page', 0, 330, server, ...calls.map(([name, from, to]) => span(`web/${name}`, from, to, client))),
  );

const serial = page(['GET /user', 5, 105], ['GET /cart', 106, 216], ['GET /offers', 217, 317]);

it('is different reads one after another; the longest would be needed anyhow', () => {
  expect(first(serial)).toBe(
    'serial-calls web · GET /page 200: 3 calls one after another that could take 110 ms together',
  );
  expect(judged(serial).causes[1]).toMatchObject({ operation: 'GET /cart', contribution_ns: 110e6 });
});

it('is not two calls, not parallel ones, not a write among them, not one that takes most of the time', () => {
  for (const trace of [
    page(['GET /user', 5, 165], ['GET /cart', 166, 325]),
    page(['GET /user', 5, 305], ['GET /cart', 5, 216], ['GET /offers', 5, 317]),
    page(['POST /user', 5, 105], ['GET /cart', 106, 216], ['GET /offers', 217, 317]),
    page(['GET /user', 5, 25], ['GET /cart', 26, 290], ['GET /offers', 291, 317]),
  ]) {
    expect(kindsOf(trace)).not.toContain('serial-calls');
  }
});
