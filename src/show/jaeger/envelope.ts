/** The envelope of every answer of Jaeger's HTTP API v1, errors included. */
import type { Failure, HttpReply, HttpRequest } from '../../base/listener.ts';

export interface EnvelopeError {
  readonly code?: number;
  readonly msg: string;
  readonly traceID?: string;
}

/** `total` counts names; Jaeger leaves it 0 where the data are traces or dependencies. */
export function envelope(
  request: HttpRequest,
  data: unknown,
  { total = 0, errors = null }: { total?: number; errors?: readonly EnvelopeError[] | null } = {},
): HttpReply {
  const body = JSON.stringify({ data, total, limit: 0, offset: 0, errors }, undefined, indentOf(request));
  return { status: 200, headers, body };
}

export function errorEnvelope({ status, message }: Failure): HttpReply {
  const errors = [{ code: status, msg: message }];
  return { status, headers, body: JSON.stringify({ data: null, total: 0, limit: 0, offset: 0, errors }) };
}

/**
 * The same with one trace after another, so that 1,500 traces never stand in memory together. The first part is made before the
 * status is sent: what fails early is still told as an error.
 */
export async function envelopeOf(
  request: HttpRequest,
  batches: AsyncIterator<readonly unknown[]>,
  errors: () => readonly EnvelopeError[] | null,
): Promise<HttpReply> {
  const indent = indentOf(request);
  const first = await batches.next();
  async function* body(): AsyncGenerator<string> {
    yield '{"data":[';
    let separator = '';
    for (let batch = first; batch.done !== true; batch = await batches.next()) {
      for (const item of batch.value) {
        yield `${separator}${JSON.stringify(item, undefined, indent)}`;
        separator = ',';
      }
    }
    yield `],"total":0,"limit":0,"offset":0,"errors":${JSON.stringify(errors())}}`;
  }
  return { status: 200, headers, body: body() };
}

const headers = { 'content-type': 'application/json' };

function indentOf({ query }: HttpRequest): number {
  const pretty = query.get('prettyPrint') ?? '';
  return pretty !== '' && pretty !== 'false' ? 4 : 0;
}
