/** What clients call of an agent, one call a datagram (https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/agent.thrift). */
import { BadInput } from '../base/errors.ts';
import { translateJaegerBatch } from './jaeger-thrift.ts';
import { type ThriftReader, thriftType } from './thrift.ts';
import type { Translated } from './translated.ts';
import type { ZipkinOptions } from './zipkin-span.ts';
import { translateZipkinThrift } from './zipkin-thrift.ts';

/** `emitBatch` of Jaeger's clients, `emitZipkinBatch` of older ones. Throws `BadInput`. */
export function translateAgentCall(reader: ThriftReader, options: ZipkinOptions): Translated {
  const { name } = reader.message();
  const isZipkin = name === 'emitZipkinBatch';
  if (!isZipkin && name !== 'emitBatch') {
    throw new BadInput(`expected a call of emitBatch or emitZipkinBatch, got ${JSON.stringify(name.slice(0, 40))}`);
  }
  reader.enter();
  for (let key = reader.field(); key !== 0; key = reader.field()) {
    if (key === (16 | (isZipkin ? thriftType.list : thriftType.struct))) {
      return isZipkin ? translateZipkinThrift(reader, options) : translateJaegerBatch(reader);
    }
    reader.skip(key & 15);
  }
  throw new BadInput(`${name}: expected its argument, got none`);
}
