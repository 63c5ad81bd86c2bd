/** Everything of a span, as the API writes it. */
import { type Attributes, attributeText, typeOfAttribute } from '../../model/attributes.ts';
import { type Span, spanKindNames } from '../../model/span.ts';
import type { AttributeView, SpanDetails } from './types.ts';

const statuses = ['unset', 'ok', 'error'] as const;

export function spanDetails(span: Span): SpanDetails {
  const { resource, scope } = span;
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    service: resource.service,
    operation: span.name,
    kind: spanKindNames[span.kind],
    startNs: span.startNs.toString(),
    durationNs: Number(span.endNs > span.startNs ? span.endNs - span.startNs : 0n),
    status: statuses[span.statusCode],
    statusMessage: span.statusMessage,
    traceState: span.traceState,
    attributes: attributeViews(span.attributes),
    resource: attributeViews(resource.attributes),
    scope: { name: scope.name, version: scope.version, attributes: attributeViews(scope.attributes) },
    events: span.events.map(({ timeNs, name, attributes }) => ({
      timeNs: timeNs.toString(),
      name,
      attributes: attributeViews(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      traceId,
      spanId,
      attributes: attributeViews(attributes),
    })),
    dropped: { attributes: span.droppedAttributes, events: span.droppedEvents, links: span.droppedLinks },
  };
}

function attributeViews(attributes: Attributes): AttributeView[] {
  return Array.from(attributes, ([key, value]) => ({
    key,
    type: typeOfAttribute(value),
    text: attributeText(value),
  }));
}
