/**
 * The first commands somebody runs. Each block is complete: pasted into a shell in an empty folder it ends with a trace
 * in Ariane. A test extracts and runs this very text, so it is data and nothing else.
 */
export interface QuickStart {
  readonly id: 'python' | 'node' | 'java' | 'go' | 'curl' | 'other';
  readonly label: string;
  /** What has to be there already. */
  readonly needs: string;
  /** A block for `sh`. */
  readonly commands: string;
}

export interface Endpoints {
  /** `http://localhost:4317`: OTLP over gRPC. */
  readonly grpc: string;
  /** `http://localhost:4318`: OTLP over HTTP. */
  readonly http: string;
}

export function quickStarts({ grpc, http }: Endpoints): readonly QuickStart[] {
  return [
    {
      id: 'python',
      label: 'Python',
      needs: 'Python 3.9',
      commands: `python3 -m venv venv
. venv/bin/activate
pip install --quiet opentelemetry-distro opentelemetry-exporter-otlp

cat > myapp.py <<'EOF'
import time
from opentelemetry import trace

tracer = trace.get_tracer("myapp")

with tracer.start_as_current_span("operation_lourde"):
    time.sleep(0.05)
    with tracer.start_as_current_span("SELECT orders"):
        time.sleep(0.35)
EOF

export OTEL_SERVICE_NAME=myapp
export OTEL_BSP_SCHEDULE_DELAY=500
export OTEL_EXPORTER_OTLP_ENDPOINT=${grpc}
opentelemetry-instrument python myapp.py
`,
    },
    {
      id: 'node',
      label: 'Node.js',
      needs: 'Node.js 20',
      commands: `npm init --yes > /dev/null
npm install --silent @opentelemetry/api @opentelemetry/auto-instrumentations-node

cat > myapp.js <<'EOF'
const { setTimeout: sleep } = require('node:timers/promises');
const { trace } = require('@opentelemetry/api');

const tracer = trace.getTracer('myapp');

tracer.startActiveSpan('operation_lourde', async (span) => {
  await sleep(50);
  await tracer.startActiveSpan('SELECT orders', async (child) => {
    await sleep(350);
    child.end();
  });
  span.end();
});
EOF

export OTEL_SERVICE_NAME=myapp
export OTEL_BSP_SCHEDULE_DELAY=500
export OTEL_NODE_RESOURCE_DETECTORS=env,host,process
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
node --require @opentelemetry/auto-instrumentations-node/register myapp.js
`,
    },
    {
      id: 'java',
      label: 'Java',
      needs: 'Java 8, an application myapp.jar',
      commands: `curl -sSLO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar

export OTEL_SERVICE_NAME=myapp
export OTEL_BSP_SCHEDULE_DELAY=500
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
java -javaagent:opentelemetry-javaagent.jar -jar myapp.jar
`,
    },
    {
      id: 'go',
      label: 'Go',
      needs: 'Go 1.23',
      commands: `cat > main.go <<'EOF'
package main

import (
	"context"
	"log"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter))
	defer provider.Shutdown(ctx)
	tracer := provider.Tracer("myapp")

	outer, span := tracer.Start(ctx, "operation_lourde")
	time.Sleep(50 * time.Millisecond)
	_, child := tracer.Start(outer, "SELECT orders")
	time.Sleep(350 * time.Millisecond)
	child.End()
	span.End()
}
EOF
go mod init myapp
go mod tidy

export OTEL_SERVICE_NAME=myapp
export OTEL_BSP_SCHEDULE_DELAY=500
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
go run .
`,
    },
    {
      id: 'curl',
      label: 'curl',
      needs: 'curl',
      commands: `trace=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')
now=$(date +%s)

curl -sS -w '\\n' ${http}/v1/traces -H 'Content-Type: application/json' -d @- <<EOF
{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "myapp"}}]},
  "scopeSpans": [{"scope": {"name": "curl"}, "spans": [
    {"traceId": "$trace", "spanId": "00000000000000a1", "name": "operation_lourde", "kind": 2,
     "startTimeUnixNano": "\${now}000000000", "endTimeUnixNano": "\${now}400000000"},
    {"traceId": "$trace", "spanId": "00000000000000a2", "parentSpanId": "00000000000000a1",
     "name": "SELECT orders", "kind": 3,
     "startTimeUnixNano": "\${now}050000000", "endTimeUnixNano": "\${now}400000000"}
  ]}]
}]}
EOF
`,
    },
    {
      id: 'other',
      label: 'OpenTelemetry',
      needs: '',
      commands: `export OTEL_SERVICE_NAME=myapp
export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
`,
    },
  ];
}

/**
 * Where to send, from the ports that the server opened. `host` is the page's: who opened the page by a name reaches the
 * receivers by it, when they listen on every address.
 */
export function endpointsOf(
  ports: readonly { readonly address: string; readonly what: string; readonly problem: string | null }[],
  host: string,
): Endpoints {
  const find = (pattern: RegExp, fallback: string) => {
    const port = ports.find(({ what, problem }) => problem === null && pattern.test(what));
    const [, bound = '', number = fallback] = /^\[?(.*?)\]?:(\d+)$/.exec(port?.address ?? '') ?? [];
    const isLocal = bound === '127.0.0.1' || bound === '::1' || bound === 'localhost';
    const isEverywhere = bound === '' || bound === '0.0.0.0' || bound === '::';
    return `http://${isLocal ? 'localhost' : isEverywhere ? host : bound}:${number}`;
  };
  return { grpc: find(/otlp.*grpc/i, '4317'), http: find(/otlp.*http/i, '4318') };
}
