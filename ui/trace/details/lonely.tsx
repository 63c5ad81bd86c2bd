import type { SpanDetails } from '../../../src/show/api/types.ts';
import { words } from '../../words/words.ts';
import { CopyOnClick } from '../head.tsx';

/** A trace of one span says that something was slow, not what: how to see inside it. */
export function Lonely({ span, service }: { readonly span: SpanDetails | undefined; readonly service: string }) {
  const t = words().trace.details;
  const language = span?.resource.find(({ key }) => key === 'telemetry.sdk.language')?.text ?? '';
  return (
    <section class="t-lonely">
      <p>
        <b>{t.lonely}</b>
      </p>
      <Code lead={t.lonelyHow} text={childSpan[language] ?? childSpan['python'] ?? ''} />
      {service.startsWith('unknown_service') && (
        <Code lead={t.unknownService} text="export OTEL_SERVICE_NAME=my-service" />
      )}
    </section>
  );
}

function Code({ lead, text }: { readonly lead: string; readonly text: string }) {
  const t = words().trace.details;
  return (
    <>
      <p class="t-code-lead">
        {lead}
        <CopyOnClick class="text-button" title={t.copyValue} text={text}>
          {t.copy}
        </CopyOnClick>
      </p>
      <pre class="t-code">
        <code>{text}</code>
      </pre>
    </>
  );
}

/** By `telemetry.sdk.language`; each is the shortest form of that SDK's documentation. */
const childSpan: Readonly<Record<string, string>> = {
  python: `from opentelemetry import trace
tracer = trace.get_tracer(__name__)
with tracer.start_as_current_span("load cart"):`,
  nodejs: `const { trace } = require('@opentelemetry/api');
await trace.getTracer('shop').startActiveSpan('load cart', (span) =>
  loadCart().finally(() => span.end()));`,
  java: `Span span = GlobalOpenTelemetry.getTracer("shop").spanBuilder("load cart").startSpan();
try (Scope scope = span.makeCurrent()) { loadCart(); }
finally { span.end(); }`,
  go: `ctx, span := otel.Tracer("shop").Start(ctx, "load cart")
defer span.End()
loadCart(ctx)`,
  dotnet: `static readonly ActivitySource Shop = new("Shop");  // and .AddSource("Shop") where tracing is set up
using var activity = Shop.StartActivity("load cart");
LoadCart();`,
};
