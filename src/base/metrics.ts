/**
 * Ariane's own metrics: counters and gauges with labels, printed in the Prometheus text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(n: number, labels?: Labels): void;
  /** The count of one label set, 0 when it was never touched. */
  value(labels?: Labels): number;
  /** The counter of one label set, cheap to add to: for paths that run for every request. */
  with(labels: Labels): { add(n: number): void };
}

export interface Metrics {
  /** `name` without prefix, in `snake_case`, ending in `_total`. Asking twice for one name gives the same counter. */
  counter(name: string, help: string): Counter;
  /** A value read when somebody asks. Registering a name again replaces its reader. */
  gauge(name: string, help: string, read: () => number | readonly { labels: Labels; value: number }[]): void;
  /** Everything in Prometheus text format, each name prefixed with `ariane_`. */
  text(): string;
}

export function createMetrics(): Metrics {
  const counters = new Map<string, { help: string; series: Map<string, number>; counter: Counter }>();
  const gauges = new Map<string, { help: string; read: () => number | readonly { labels: Labels; value: number }[] }>();
  return {
    counter(name, help) {
      const known = counters.get(name);
      if (known) return known.counter;
      const series = new Map<string, number>();
      const counter: Counter = {
        add(n, labels = {}) {
          const key = formatLabels(labels);
          series.set(key, (series.get(key) ?? 0) + n);
        },
        value: (labels = {}) => series.get(formatLabels(labels)) ?? 0,
        with(labels) {
          const key = formatLabels(labels);
          return { add: (n) => void series.set(key, (series.get(key) ?? 0) + n) };
        },
      };
      counters.set(name, { help, series, counter });
      return counter;
    },
    gauge(name, help, read) {
      gauges.set(name, { help, read });
    },
    text() {
      const lines: string[] = [];
      for (const [name, { help, series }] of counters) {
        lines.push(`# HELP ariane_${name} ${help}`, `# TYPE ariane_${name} counter`);
        if (series.size === 0) lines.push(`ariane_${name} 0`);
        for (const [labels, value] of series) lines.push(`ariane_${name}${labels} ${value}`);
      }
      for (const [name, { help, read }] of gauges) {
        lines.push(`# HELP ariane_${name} ${help}`, `# TYPE ariane_${name} gauge`);
        const now = read();
        if (typeof now === 'number') lines.push(`ariane_${name} ${now}`);
        else for (const { labels, value } of now) lines.push(`ariane_${name}${formatLabels(labels)} ${value}`);
      }
      return `${lines.join('\n')}\n`;
    },
  };
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return '';
  return `{${pairs.map(([k, v]) => `${k}="${escapeLabel(v)}"`).join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
