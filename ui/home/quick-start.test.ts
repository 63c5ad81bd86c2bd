import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { endpointsOf, quickStarts } from './quick-start.ts';

const starts = quickStarts({ grpc: 'http://localhost:14317', http: 'http://localhost:14318' });

it.each(starts.map((s) => [s.label, s.commands]))(
  '%s is a block that a shell accepts, and sends where it is told',
  (_, commands) => {
    execFileSync('sh', ['-n'], { input: commands });
    expect(commands).toMatch(/http:\/\/localhost:1431[78]/);
    expect(commands).not.toMatch(/localhost:431/);
  },
);

it('names the service and does not wait five seconds for the first batch', () => {
  for (const { id, commands } of starts) {
    if (id === 'curl' || id === 'other') continue;
    expect(commands).toContain('OTEL_SERVICE_NAME=myapp');
    expect(commands).toContain('OTEL_BSP_SCHEDULE_DELAY=500');
  }
});

it('makes JSON that curl can send', () => {
  const script = starts.find((s) => s.id === 'curl')?.commands.replace(/curl -sS .* -d @-/, 'cat') ?? '';
  const sent: unknown = JSON.parse(execFileSync('sh', { input: script, encoding: 'utf8' }));
  expect(sent).toMatchObject({
    resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: expect.stringMatching(/^[0-9a-f]{32}$/) }, { kind: 3 }] }] }],
  });
  expect(JSON.stringify(sent)).toMatch(/"startTimeUnixNano":"\d{10}0{9}"/);
});

it('finds the receivers among the ports', () => {
  const ports = [
    { address: '127.0.0.1:16686', what: 'UI', problem: null },
    { address: '127.0.0.1:5317', what: 'OTLP gRPC', problem: null },
    { address: '0.0.0.0:5318', what: 'OTLP HTTP', problem: null },
  ];
  expect(endpointsOf(ports, 'box')).toEqual({ grpc: 'http://localhost:5317', http: 'http://box:5318' });
  expect(endpointsOf([], 'box')).toEqual({ grpc: 'http://box:4317', http: 'http://box:4318' });
});
