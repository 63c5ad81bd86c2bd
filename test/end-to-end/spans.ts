/** Small OTLP requests whose span ids are known, for tests that count what is read back. */
import { randomBytes } from 'node:crypto';
import { decodeSkeleton } from '../../src/model/skeleton.ts';
import { spanIdOf } from '../../src/model/trace.ts';
import { ProtoWriter } from '../../src/wire/protobuf.ts';

export interface KnownRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly traceId: string;
  readonly spanIds: readonly string[];
}

/** One trace in one request: a root of `spans` ms and its children, one after another. */
export function knownRequest(options: {
  spans: number;
  service?: string;
  startNs?: bigint;
  payload?: string;
}): KnownRequest {
  const traceId = randomBytes(16);
  const start = options.startNs ?? BigInt(Date.now() - 10_000) * 1_000_000n;
  const ids = Array.from({ length: options.spans }, () => randomBytes(8));
  const bytes = new ProtoWriter()
    .messageField(1, (w) => {
      w.messageField(1, (resource) => writeString(resource, 1, 'service.name', options.service ?? 'known'));
      w.messageField(2, (scope) => {
        ids.forEach((id, i) =>
          scope.messageField(2, (span) => {
            span.bytesField(1, traceId).bytesField(2, id);
            if (i > 0) span.bytesField(4, ids[0] ?? id);
            span.stringField(5, i === 0 ? 'root' : `step ${i % 10}`).varintField(6, i === 0 ? 2 : 1);
            const from = start + BigInt(i === 0 ? 0 : i - 1) * 1_000_000n;
            span.fixed64Field(7, from).fixed64Field(8, from + BigInt(i === 0 ? options.spans : 1) * 1_000_000n);
            writeString(span, 9, 'payload', options.payload ?? `value ${i}`);
          }),
        );
      });
    })
    .finish();
  return {
    bytes: Uint8Array.from(bytes),
    traceId: traceId.toString('hex'),
    spanIds: ids.map((id) => id.toString('hex')),
  };
}

/** Sends once; true when it was acknowledged. A broken connection is a "no". */
export async function sendOnce(
  http: string,
  request: KnownRequest,
): Promise<{ ok: boolean; status: number; retryAfter: string | null }> {
  try {
    const reply = await fetch(`${http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: request.bytes,
    });
    await reply.arrayBuffer();
    return { ok: reply.ok, status: reply.status, retryAfter: reply.headers.get('retry-after') };
  } catch {
    return { ok: false, status: 0, retryAfter: null };
  }
}

/** The ids of a trace's spans as the page gets them, in no order, repeated ones repeated. */
export async function storedSpanIds(url: string, traceId: string): Promise<string[]> {
  const reply = await fetch(`${url}/api/trace/${traceId}/skeleton`);
  if (!reply.ok) return [];
  const trace = decodeSkeleton(new Uint8Array(await reply.arrayBuffer()));
  return Array.from({ length: trace.count }, (_, row) => spanIdOf(trace, row));
}

function writeString(w: ProtoWriter, field: number, key: string, value: string): void {
  w.messageField(field, (pair) => pair.stringField(1, key).messageField(2, (any) => any.stringField(1, value)));
}
