import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('prints counters and gauges in Prometheus text format, labels sorted and escaped', () => {
  const metrics = createMetrics();
  const received = metrics.counter('received_total', 'Spans received.');
  received.add(2, { signal: 'traces', by: 'a"b\\c\n' });
  received.add(3, { by: 'a"b\\c\n', signal: 'traces' });
  metrics.counter('refused_total', 'Spans refused.');
  metrics.gauge('spool_bytes', 'Bytes in the spool.', () => [{ labels: { signal: 'logs' }, value: 7 }]);
  expect(received.value({ signal: 'traces', by: 'a"b\\c\n' })).toBe(5);
  expect(metrics.counter('received_total', '')).toBe(received);
  expect(metrics.text()).toBe(
    `# HELP ariane_received_total Spans received.
# TYPE ariane_received_total counter
ariane_received_total{by="a\\"b\\\\c\\n",signal="traces"} 5
# HELP ariane_refused_total Spans refused.
# TYPE ariane_refused_total counter
ariane_refused_total 0
# HELP ariane_spool_bytes Bytes in the spool.
# TYPE ariane_spool_bytes gauge
ariane_spool_bytes{signal="logs"} 7
`,
  );
});
