/**
 * Traces that somebody asked to keep beyond the retention: one file of OTLP protobuf each, in a folder beside the store, which drops
 * whole days and so cannot spare one trace. Jaeger looks here, too, for an id that the store does not have.
 */
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Overloaded } from '../../base/errors.ts';
import type { Span } from '../../model/span.ts';
import { decodeTraces, encodeTraces } from '../../wire/otlp-proto.ts';

export interface Archive {
  /** Keeps the spans of one trace (32 hex digits), at least one. Throws `Overloaded` when the folder has reached its size. */
  keep(traceId: string, spans: readonly Span[]): Promise<void>;
  /** None when the trace was never kept. */
  read(traceId: string): Promise<Span[]>;
}

const defaultMaxBytes = 1024 ** 3;

export function openArchive(dir: string, maxBytes = defaultMaxBytes): Archive {
  const pathOf = (traceId: string) => join(dir, `${traceId}.otlp`);
  return {
    async keep(traceId, spans) {
      const bytes = encodeTraces(spans);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const used = await sizeOf(dir);
      if (used + bytes.length > maxBytes) {
        throw new Overloaded(`the archive is full: ${dir} may hold ${maxBytes} bytes; remove files from it`);
      }
      // Written beside and moved, so that nobody reads half a trace.
      const part = `${pathOf(traceId)}.${process.pid}.part`;
      await writeFile(part, bytes, { mode: 0o600, flush: true });
      await rename(part, pathOf(traceId));
    },
    async read(traceId) {
      try {
        return decodeTraces(await readFile(pathOf(traceId)));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
        throw error;
      }
    },
  };
}

async function sizeOf(dir: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(dir)) bytes += (await stat(join(dir, name))).size;
  return bytes;
}
