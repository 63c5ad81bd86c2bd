/** A trace's summary as the API writes it. */
import type { TraceSummary } from '../../query/summarise-traces.ts';
import type { TraceSummary as SummaryView } from './types.ts';

export function summaryView(summary: TraceSummary, leader: SummaryView['leader'] = null): SummaryView {
  return {
    traceId: summary.traceId,
    service: summary.service,
    operation: summary.operation,
    hasRoot: summary.hasRoot,
    startNs: summary.startNs.toString(),
    durationNs: Number(summary.durationNs),
    spans: summary.spans,
    errors: summary.errors,
    services: summary.services,
    leader,
  };
}
