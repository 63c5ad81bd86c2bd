/** Takes everything and does nothing with it: to try the rest of a pipeline. */
import { object } from '../../base/schema.ts';
import { exporter } from '../../component/component.ts';

export const nop = exporter({
  type: 'nop',
  config: object({}),
  create: () => ({ consume: async () => {}, stop: async () => {} }),
});
