import type { SpanDetails } from '../../src/show/api/types.ts';
import { words } from '../words/words.ts';
import { CopyOnClick } from './head.tsx';

/** A trace of one span says that something was slow, not what: how to see inside it. */
export function Lonely({ span, service }: { readonly span: SpanDetails | undefined; readonly service: string }) {
  const t = words().trace.details;
  const language = span?.resource.find(({ key }) => key === 'telemetry.sdk.language')?.text ?? '';
  return (
    <section class="t-lonely">
      <p>
        <b>{t.lonely}</b> {t.lonelyHow}
      </p>
      <Code text={childSpan[language] ?? childSpan['python'] ?? ''} />
      {service.startsWith('unknown_service') && (
        <>
          <p>{t.unknownService}</p>
          <Code text="export OTEL_SERVICE_NAME=my-service" />
        </>
      )}
    </section>
  );
}

function Code({ text }: { readonly text: string }) {
  const t = words().trace.details;
  return (
    <pre class="t-code">
      <code>{text}</code>
      <CopyOnClick class="text-button" title={t.copyValue} text={text}>
        {t.copy}
      </CopyOnClick>
    </pre>
  );
}

/** By `telemetry.sdk.language`; each is the shortest form of that SDK's documentation. */
const childSpan: Readonly<Record<string, string>> = {
  python: `from opentelemetry import trace
with trace.get_tracer(__name__).start_as_current_span("load cart"):
    load_cart()`,
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
