import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('the corpus knows nothing of the diagnosis that is measured with it', () => {
  const generator = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.js') && file !== 'score.js');
  expect(generator).toEqual(expect.arrayContaining(['corpus.js', 'faults.js', 'shop.js', 'simulate.js']));
  for (const file of generator) {
    const imports = [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/from '([^']+)'/g)];
    expect(imports.map(([, target]) => target ?? '').filter((target) => /diagnose|score/.test(target))).toEqual([]);
  }
});
