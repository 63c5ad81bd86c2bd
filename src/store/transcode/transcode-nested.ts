/** The parts of a span that are lists themselves: its events and its links. Rare, but written the same way. */
import type { AttributeWriter } from './attribute-writer.ts';
import type { Column } from './column.ts';
import type { SpanBlock } from './span-block.ts';
import type { WireCursor } from './wire-cursor.ts';

/** Events of one span; `messages` are where each begins and its length. */
export function appendEvents(
  block: SpanBlock,
  cursor: WireCursor,
  attributes: AttributeWriter,
  messages: readonly number[],
): void {
  const { source } = cursor;
  const { events } = block;
  const { values } = events;
  for (let i = 0; i < messages.length; i += 2) {
    const at = messages[i] ?? 0;
    const end = at + (messages[i + 1] ?? 0);
    attributes.begin(values);
    let timeAt = -1;
    let nameAt = 0;
    let nameLength = 0;
    let dropped = 0;
    cursor.pos = at;
    while (cursor.pos < end) {
      const key = cursor.varint(end);
      if (key === 0x09) timeAt = cursor.take(8, end);
      else if (key === 0x12) {
        nameLength = cursor.length(end);
        nameAt = cursor.take(nameLength, end);
      } else if (key === 0x1a) {
        const size = cursor.length(end);
        attributes.append(cursor.pos + size);
      } else if (key === 0x20) dropped = cursor.varint(end);
      else cursor.skip(key, end);
    }
    if (timeAt < 0) events.ts.u64(0, 0);
    else events.ts.copy(source, timeAt, 8);
    events.name.string(source, nameAt, nameLength);
    attributes.finish(block, events.shape, at, end, 0x1a);
    events.dropped.u32(dropped | 0);
    events.count++;
  }
}

/** Links of one span, as `appendEvents`. */
export function appendLinks(
  block: SpanBlock,
  cursor: WireCursor,
  attributes: AttributeWriter,
  messages: readonly number[],
): void {
  const { source } = cursor;
  const { links } = block;
  const { values } = links;
  for (let i = 0; i < messages.length; i += 2) {
    const at = messages[i] ?? 0;
    const end = at + (messages[i + 1] ?? 0);
    attributes.begin(values);
    let traceAt = 0;
    let traceLength = 0;
    let spanAt = 0;
    let spanLength = 0;
    let stateAt = 0;
    let stateLength = 0;
    let dropped = 0;
    let flags = 0;
    cursor.pos = at;
    while (cursor.pos < end) {
      const key = cursor.varint(end);
      if (key === 0x0a) {
        traceLength = cursor.length(end);
        traceAt = cursor.take(traceLength, end);
      } else if (key === 0x12) {
        spanLength = cursor.length(end);
        spanAt = cursor.take(spanLength, end);
      } else if (key === 0x1a) {
        stateLength = cursor.length(end);
        stateAt = cursor.take(stateLength, end);
      } else if (key === 0x22) {
        const size = cursor.length(end);
        attributes.append(cursor.pos + size);
      } else if (key === 0x28) dropped = cursor.varint(end);
      else if (key === 0x35) flags = source.getInt32(cursor.take(4, end), true);
      else cursor.skip(key, end);
    }
    fitted(links.traceId, source, traceAt, traceLength, 16);
    fitted(links.spanId, source, spanAt, spanLength, 8);
    links.traceState.string(source, stateAt, stateLength);
    links.flags.u32(flags);
    attributes.finish(block, links.shape, at, end, 0x22);
    links.dropped.u32(dropped | 0);
    links.count++;
  }
}

/** An id of a link, made to fit: zeros in front of what is shorter, the last bytes of what is longer. */
function fitted(column: Column, source: DataView<ArrayBuffer>, at: number, length: number, size: number): void {
  if (length < size) column.zeros(size - length);
  const kept = Math.min(length, size);
  column.copy(source, at + length - kept, kept);
}
