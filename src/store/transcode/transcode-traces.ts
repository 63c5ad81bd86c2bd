/**
 * OTLP protobuf to rows of the table `spans`, without an object for a span: the request is walked once and every value goes
 * from the wire into its column (https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).
 * What is rare (a value in odd form, a new shape, a new resource) takes a slower way with the decoder of `wire/`.
 */
import { AttributeWriter } from './attribute-writer.ts';
import type { Column } from './column.ts';
import { dayOfMs, dayOfNs } from './day.ts';
import type { Dictionary, StoredResource, StoredScope } from './dictionary.ts';
import { appendEvents, appendLinks } from './transcode-nested.ts';
import type { SpanBlock } from './span-block.ts';
import { WireCursor } from './wire-cursor.ts';

export type RejectReason = 'trace_id' | 'span_id' | 'parent_id';

export interface Transcoded {
  readonly rows: number;
  /** Spans that no row can hold, because an id has an impossible length. */
  readonly rejected: ReadonlyMap<RejectReason, number>;
}

export class TraceTranscoder {
  private readonly cursor = new WireCursor();
  private readonly dictionary: Dictionary;
  private readonly attributes: AttributeWriter;
  private readonly retentionDays: number;
  /** Where the events and links of the span at hand begin and end: they are written when its ids are known to be good. */
  private readonly events: number[] = [];
  private readonly links: number[] = [];
  private rejected = new Map<RejectReason, number>();
  private receivedDay = 0;

  /** Spans older than `retentionDays` (as of their arrival) count as of the day of their arrival, and so do those of tomorrow's tomorrow. */
  constructor(dictionary: Dictionary, retentionDays: number) {
    this.dictionary = dictionary;
    this.retentionDays = retentionDays;
    this.attributes = new AttributeWriter(this.cursor, dictionary.shapes);
  }

  /**
   * Appends the spans of one `ExportTraceServiceRequest`. Malformed bytes throw `BadInput`; the block is then as before.
   */
  append(block: SpanBlock, request: Uint8Array, receivedMs: number): Transcoded {
    const { cursor } = this;
    this.receivedDay = dayOfMs(receivedMs);
    this.dictionary.enterDay(this.receivedDay);
    this.rejected = new Map();
    const before = block.rows;
    const restore = block.mark();
    cursor.load(request);
    try {
      const end = request.length;
      while (cursor.pos < end) {
        const key = cursor.varint(end);
        if (key === 0x0a) this.resourceSpans(block, cursor.length(end));
        else cursor.skip(key, end);
      }
    } catch (error) {
      restore();
      throw error;
    }
    return { rows: block.rows - before, rejected: this.rejected };
  }

  /** The resource and its schema may come after the spans, so they are looked for first; each look jumps over the rest. */
  private resourceSpans(block: SpanBlock, length: number): void {
    const { cursor } = this;
    const { resources } = this.dictionary;
    const at = cursor.pos;
    const end = at + length;
    let schemaAt = 0;
    let schemaLength = 0;
    resources.begin();
    while (cursor.pos < end) {
      const key = cursor.varint(end);
      if (key === 0x0a) {
        const resourceLength = cursor.length(end);
        resources.addMessage(cursor.source, cursor.take(resourceLength, end), resourceLength);
      } else if (key === 0x1a) {
        schemaLength = cursor.length(end);
        schemaAt = cursor.take(schemaLength, end);
      } else cursor.skip(key, end);
    }
    const resource = resources.find(cursor.source, schemaAt, schemaLength);
    block.refer(resource, block.resources);
    cursor.pos = at;
    while (cursor.pos < end) {
      const key = cursor.varint(end);
      if (key === 0x12) this.scopeSpans(block, cursor.length(end), resource);
      else cursor.skip(key, end);
    }
  }

  private scopeSpans(block: SpanBlock, length: number, resource: StoredResource): void {
    const { cursor } = this;
    const { scopes } = this.dictionary;
    const at = cursor.pos;
    const end = at + length;
    let schemaAt = 0;
    let schemaLength = 0;
    scopes.begin();
    while (cursor.pos < end) {
      const key = cursor.varint(end);
      if (key === 0x0a) {
        const scopeLength = cursor.length(end);
        scopes.addMessage(cursor.source, cursor.take(scopeLength, end), scopeLength);
      } else if (key === 0x12) cursor.take(cursor.length(end), end);
      else if (key === 0x1a) {
        schemaLength = cursor.length(end);
        schemaAt = cursor.take(schemaLength, end);
      } else cursor.skip(key, end);
    }
    const scope = scopes.find(cursor.source, schemaAt, schemaLength);
    block.refer(scope, block.scopes);
    cursor.pos = at;
    while (cursor.pos < end) {
      const key = cursor.varint(end);
      if (key === 0x12) this.span(block, cursor.length(end), resource, scope);
      else cursor.skip(key, end);
    }
  }

  private span(block: SpanBlock, length: number, resource: StoredResource, scope: StoredScope): void {
    const { cursor, attributes } = this;
    const { source } = cursor;
    const start = cursor.pos;
    const end = start + length;
    attributes.begin(block.values);
    let traceAt = 0;
    let traceLength = 0;
    let spanAt = 0;
    let spanLength = 0;
    let parentAt = 0;
    let parentLength = 0;
    let stateAt = 0;
    let stateLength = 0;
    let nameAt = 0;
    let nameLength = 0;
    let kind = 0;
    let startLow = 0;
    let startHigh = 0;
    let endLow = 0;
    let endHigh = 0;
    let messageAt = 0;
    let messageLength = 0;
    let code = 0;
    let flags = 0;
    let droppedAttributes = 0;
    let droppedEvents = 0;
    let droppedLinks = 0;
    if (this.events.length > 0) this.events.length = 0;
    if (this.links.length > 0) this.links.length = 0;

    while (cursor.pos < end) {
      const key = cursor.varint(end);
      switch (key) {
        case 0x0a:
          traceLength = cursor.length(end);
          traceAt = cursor.take(traceLength, end);
          break;
        case 0x12:
          spanLength = cursor.length(end);
          spanAt = cursor.take(spanLength, end);
          break;
        case 0x1a:
          stateLength = cursor.length(end);
          stateAt = cursor.take(stateLength, end);
          break;
        case 0x22:
          parentLength = cursor.length(end);
          parentAt = cursor.take(parentLength, end);
          break;
        case 0x2a:
          nameLength = cursor.length(end);
          nameAt = cursor.take(nameLength, end);
          break;
        case 0x30:
          kind = cursor.varint(end);
          break;
        case 0x39: {
          const at = cursor.take(8, end);
          startLow = source.getInt32(at, true);
          startHigh = source.getInt32(at + 4, true);
          break;
        }
        case 0x41: {
          const at = cursor.take(8, end);
          endLow = source.getInt32(at, true);
          endHigh = source.getInt32(at + 4, true);
          break;
        }
        case 0x4a: {
          const size = cursor.length(end);
          attributes.append(cursor.pos + size);
          break;
        }
        case 0x50:
          droppedAttributes = cursor.varint(end);
          break;
        case 0x5a: {
          const size = cursor.length(end);
          this.events.push(cursor.take(size, end), size);
          break;
        }
        case 0x60:
          droppedEvents = cursor.varint(end);
          break;
        case 0x6a: {
          const size = cursor.length(end);
          this.links.push(cursor.take(size, end), size);
          break;
        }
        case 0x70:
          droppedLinks = cursor.varint(end);
          break;
        case 0x7a: {
          const statusEnd = cursor.length(end) + cursor.pos;
          while (cursor.pos < statusEnd) {
            const field = cursor.varint(statusEnd);
            if (field === 0x12) {
              messageLength = cursor.length(statusEnd);
              messageAt = cursor.take(messageLength, statusEnd);
            } else if (field === 0x18) code = cursor.varint(statusEnd);
            else cursor.skip(field, statusEnd);
          }
          break;
        }
        case 0x85:
          flags = source.getInt32(cursor.take(4, end), true);
          break;
        default:
          cursor.skip(key, end);
      }
    }

    const isTraceId = traceLength === 16 || traceLength === 8;
    if (!isTraceId || spanLength !== 8 || (parentLength !== 8 && parentLength !== 0)) {
      const reason = !isTraceId ? 'trace_id' : spanLength !== 8 ? 'span_id' : 'parent_id';
      this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
      attributes.forget();
      return;
    }

    attributes.finish(block, block.shape, start, end, 0x4a);
    this.day(block, startLow, startHigh);
    block.service.copy(resource.serviceColumn, 0, resource.serviceLength);
    block.name.string(source, nameAt, nameLength);
    block.ts.u64(startLow, startHigh);
    subtract(block.duration, endLow, endHigh, startLow, startHigh);
    if (traceLength === 8) block.traceId.u64(0, 0);
    block.traceId.copy(source, traceAt, traceLength);
    block.spanId.copy(source, spanAt, 8);
    if (parentLength === 0) block.parentId.u64(0, 0);
    else block.parentId.copy(source, parentAt, 8);
    block.kind.u8(kind <= 5 ? kind : 0);
    block.status.u8(code <= 2 ? code : 0);
    block.statusMessage.string(source, messageAt, messageLength);
    block.flags.u32(flags);
    block.traceState.string(source, stateAt, stateLength);
    block.resourceId.u64(resource.low, resource.high);
    block.scopeId.u64(scope.low, scope.high);
    if (droppedAttributes !== 0 || droppedEvents !== 0 || droppedLinks !== 0) {
      block.dropped.u32(droppedAttributes | 0);
      block.dropped.u32(droppedEvents | 0);
      block.dropped.u32(droppedLinks | 0);
    }
    block.droppedEnds.u64(block.dropped.length / 4, 0);
    if (this.events.length > 0) appendEvents(block, cursor, attributes, this.events);
    block.events.ends.u64(block.events.count, 0);
    if (this.links.length > 0) appendLinks(block, cursor, attributes, this.links);
    block.links.ends.u64(block.links.count, 0);
    cursor.pos = end;
    block.rows++;
  }

  private day(block: SpanBlock, low: number, high: number): void {
    const day = dayOfNs(low, high);
    const { receivedDay } = this;
    const isPlausible = day > receivedDay - this.retentionDays && day <= receivedDay + 1;
    block.day.u16(isPlausible ? day : receivedDay);
  }
}

/** a − b on 64 bits, wrapping: the end read back as start plus duration is exactly the end that was sent. */
function subtract(column: Column, aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  const borrow = aLow >>> 0 < bLow >>> 0 ? 1 : 0;
  column.u64((aLow - bLow) | 0, (aHigh - bHigh - borrow) | 0);
}
