/**
 * Zipkin's spans in OpenTelemetry's terms, as the Collector's receiver translates them
 * (https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/zipkin), whatever version and
 * encoding they came in. Unlike it: the resource of each span is its own and not that of the first span of its service,
 * `http.status_code` keeps its name, and a malformed link or annotation of an exporter stays text instead of refusing all.
 */
import { isIP } from 'node:net';
import { attributeText, type AttributeValue } from '../model/attributes.ts';
import {
  type Resource,
  type Scope,
  type Span,
  type SpanEvent,
  type SpanKind,
  type SpanLink,
  spanKind,
} from '../model/span.ts';
import { type StatusCode, statusCode } from '../model/span.ts';
import { serviceOf } from './otlp-proto.ts';
import { type Translated, Translation } from './translated.ts';

/** A span as of version 2 (https://zipkin.io/zipkin-api/#/default/post_spans); those of version 1 are turned into it. */
export interface ZipkinSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly id: string;
  /** 16 hex digits, or `''`. */
  readonly parentId: string;
  readonly kind: SpanKind;
  readonly name: string;
  /** µs since the epoch; 0 is unknown. */
  readonly timestampUs: bigint;
  readonly durationUs: bigint;
  readonly localEndpoint: ZipkinEndpoint | undefined;
  readonly remoteEndpoint: ZipkinEndpoint | undefined;
  readonly annotations: readonly ZipkinAnnotation[];
  /** Text; in version 1 over Thrift also numbers and booleans. The translator's own from then on. */
  readonly tags: Map<string, AttributeValue>;
}

export interface ZipkinEndpoint {
  readonly serviceName: string;
  /** As text; `''` where there is none. */
  readonly ipv4: string;
  readonly ipv6: string;
  readonly port: number;
}

export interface ZipkinAnnotation {
  readonly timestampUs: bigint;
  readonly value: string;
}

export interface ZipkinOptions {
  /** Texts that look like numbers or booleans become such. */
  readonly parseStringTags: boolean;
  /** When a span began that does not say it. */
  readonly receivedMs: number;
}

/** Marks a span that came without a time; the one it has then is a guess. */
export const noStartTimeKey = 'otel.zipkin.absentField.startTime';

/** Takes spans one by one. */
export class ZipkinTranslation {
  private readonly translation = new Translation();
  private readonly resources = new Resources();
  private readonly scopes = new Map<string, Scope>();
  private readonly options: ZipkinOptions;

  constructor(options: ZipkinOptions) {
    this.options = options;
  }

  add(span: ZipkinSpan): void {
    this.translation.add(spanOfZipkin(span, this.resources, this.scopes, this.options));
  }

  /** A span without an id. */
  reject(): void {
    this.translation.reject();
  }

  finish(): Translated {
    return this.translation.finish();
  }
}

function spanOfZipkin(
  given: ZipkinSpan,
  resources: Resources,
  scopes: Map<string, Scope>,
  options: ZipkinOptions,
): Span {
  const { tags, id, parentId } = given;
  const resource = resources.takeFrom(tags, given.localEndpoint?.serviceName ?? '');
  const scope = takeScope(tags, scopes);
  const kind = kindOf(given.kind, tags);
  const status = takeStatus(tags);
  const links = takeLinks(tags);
  const traceState = textOf(take(tags, 'w3c.tracestate'));
  if (options.parseStringTags) parseTexts(tags);
  addEndpoints(tags, given);
  const start = startOf(given, options);
  if (start.isGuess) tags.set(noStartTimeKey, true);
  return {
    traceId: given.traceId,
    spanId: id,
    parentSpanId: parentId === id ? '' : parentId,
    traceState,
    flags: 0,
    name: given.name,
    kind,
    startNs: start.us * 1000n,
    endNs: (start.us + given.durationUs) * 1000n,
    attributes: tags,
    events: given.annotations.length === 0 ? noEvents : given.annotations.map(eventOf),
    links,
    statusCode: status.code,
    statusMessage: status.message,
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    resource,
    scope,
  };
}

const noEvents: readonly SpanEvent[] = [];
const noLinks: readonly SpanLink[] = [];

/** Without a time of its own, the first annotation's; without one, so that it ends when it came. */
function startOf(
  { timestampUs, durationUs, annotations }: ZipkinSpan,
  { receivedMs }: ZipkinOptions,
): { us: bigint; isGuess: boolean } {
  if (timestampUs !== 0n) return { us: timestampUs, isGuess: false };
  const times = annotations.map((annotation) => annotation.timestampUs).filter((us) => us > 0n);
  if (times.length > 0) return { us: times.reduce((a, b) => (a < b ? a : b)), isGuess: true };
  return { us: BigInt(Math.trunc(receivedMs)) * 1000n - durationUs, isGuess: true };
}

const kindNames: Readonly<Record<string, SpanKind>> = {
  internal: spanKind.internal,
  server: spanKind.server,
  client: spanKind.client,
  producer: spanKind.producer,
  consumer: spanKind.consumer,
};

/** The tag is how OpenTelemetry's exporter says `internal`, a kind that Zipkin does not have. */
function kindOf(kind: SpanKind, tags: Map<string, AttributeValue>): SpanKind {
  if (kind !== spanKind.unspecified || !tags.has('span.kind')) return kind;
  return kindNames[textOf(take(tags, 'span.kind'))] ?? kind;
}

/** A tag `error` of any value makes an error; its value is the message, and stays a tag unless it only says yes. */
function takeStatus(tags: Map<string, AttributeValue>): { code: StatusCode; message: string } {
  const told = textOf(take(tags, 'otel.status_code'));
  const description = told === '' ? '' : textOf(take(tags, 'otel.status_description'));
  const error = tags.get('error');
  if (error === undefined)
    return told === '' ? unset : { code: statuses[told] ?? statusCode.unset, message: description };
  if (error === 'true' || error === true || error === '') {
    tags.delete('error');
    return { code: statusCode.error, message: description };
  }
  return { code: statusCode.error, message: description === '' ? textOf(error) : description };
}

const unset = { code: statusCode.unset, message: '' };
const statuses: Readonly<Record<string, StatusCode>> = {
  OK: statusCode.ok,
  ERROR: statusCode.error,
  STATUS_CODE_OK: statusCode.ok,
  STATUS_CODE_ERROR: statusCode.error,
};

function takeScope(tags: Map<string, AttributeValue>, scopes: Map<string, Scope>): Scope {
  const oldName = textOf(take(tags, 'otel.library.name'));
  const oldVersion = textOf(take(tags, 'otel.library.version'));
  const name = textOf(take(tags, 'otel.scope.name')) || oldName;
  const version = textOf(take(tags, 'otel.scope.version')) || oldVersion;
  if (name === '' && version === '') return noScope;
  const key = `${name}\0${version}`;
  let scope = scopes.get(key);
  if (scope === undefined) scopes.set(key, (scope = { ...noScope, name, version }));
  return scope;
}

const noScope: Scope = { name: '', version: '', attributes: new Map(), schemaUrl: '' };

function addEndpoints(
  tags: Map<string, AttributeValue>,
  { localEndpoint: local, remoteEndpoint: remote }: ZipkinSpan,
): void {
  if (local !== undefined) addAddress(tags, local, 'network.local.address', 'net.host.port');
  if (remote === undefined) return;
  if (remote.serviceName !== '') tags.set('service.peer.name', remote.serviceName);
  addAddress(tags, remote, 'network.peer.address', 'net.peer.port');
}

function addAddress(
  tags: Map<string, AttributeValue>,
  { ipv4, ipv6, port }: ZipkinEndpoint,
  addressKey: string,
  portKey: string,
) {
  const address = isIP(ipv6) === 6 ? ipv6 : isIP(ipv4) === 4 ? ipv4 : '';
  if (address !== '') tags.set(addressKey, address);
  if (port > 0) tags.set(portKey, BigInt(port));
}

/** Resources that spans may say in their tags, because Zipkin has no place for them but the service's name. */
class Resources {
  private readonly byContent = new Map<string, Resource>();

  takeFrom(tags: Map<string, AttributeValue>, service: string): Resource {
    let content = service;
    let own: Map<string, AttributeValue> | undefined;
    for (const [key, value] of tags) {
      if (!resourceKeys.has(key)) continue;
      (own ??= new Map()).set(key, value);
      content += `\0${key}\0${attributeText(value)}`;
    }
    for (const key of own?.keys() ?? []) tags.delete(key);
    const known = this.byContent.get(content);
    if (known !== undefined) return known;
    const attributes = new Map<string, AttributeValue>();
    const source = textOf(take(own ?? new Map(), serviceNameSource)) || 'service.name';
    if (service !== '') attributes.set(source, service);
    for (const [key, value] of own ?? []) attributes.set(key, value);
    const resource = { service: serviceOf(attributes), attributes, schemaUrl: '' };
    this.byContent.set(content, resource);
    return resource;
  }
}

/** Which attribute the service's name was, where that is another one than `service.name`. */
const serviceNameSource = 'otlp.service.name.source';

/** Attributes of resources (https://opentelemetry.io/docs/specs/semconv/resource/), and what OpenCensus' exporters sent. */
const resourceKeys = new Set([
  serviceNameSource,
  ...Object.entries({
    cloud: 'provider account.id region availability_zone platform resource_id',
    'aws.ecs': 'container.arn cluster.arn launchtype task.arn task.family task.revision',
    'aws.eks': 'cluster.arn',
    'aws.log': 'group.names group.arns stream.names stream.arns',
    container: 'name id runtime image.name image.tag image.tags',
    deployment: 'environment environment.name',
    device: 'id model.identifier model.name manufacturer',
    faas: 'name id version instance max_memory',
    host: 'id name type arch image.name image.id image.version',
    k8s: 'cluster.name node.name node.uid namespace.name pod.uid pod.name container.name container.restart_count',
    'k8s.replicaset': 'uid name',
    'k8s.deployment': 'uid name',
    'k8s.statefulset': 'uid name',
    'k8s.daemonset': 'uid name',
    'k8s.job': 'uid name',
    'k8s.cronjob': 'uid name',
    os: 'type description name version',
    process: 'pid executable.name executable.path command command_line command_args owner',
    'process.runtime': 'name version description',
    service: 'name namespace instance.id version',
    'telemetry.sdk': 'name language version',
    telemetry: 'auto.version',
    webengine: 'name version description',
    opencensus: 'starttime exporterversion resourcetype',
  }).flatMap(([prefix, names]) => names.split(' ').map((name) => `${prefix}.${name}`)),
]);

/**
 * OpenTelemetry's exporter writes an event as `name|{"key":"value"}|dropped`. Anything else is the name.
 */
function eventOf({ timestampUs, value }: ZipkinAnnotation): SpanEvent {
  const timeNs = timestampUs * 1000n;
  const plain = { timeNs, name: value, attributes: noAttributes, droppedAttributes: 0 };
  if (!value.endsWith('|0') && !/\|\d+$/.test(value)) return plain;
  const parts = value.split('|');
  if (parts.length < 3) return plain;
  const attributes = attributesOf(parts.slice(1, -1).join('|'));
  if (attributes === undefined) return plain;
  return { timeNs, name: parts[0] ?? '', attributes, droppedAttributes: Number(parts.at(-1)) >>> 0 };
}

const noAttributes: ReadonlyMap<string, AttributeValue> = new Map();

/** And links as tags `otlp.link.0` and on: `trace id|span id|trace state|{…}|dropped`. */
function takeLinks(tags: Map<string, AttributeValue>): readonly SpanLink[] {
  if (!tags.has('otlp.link.0')) return noLinks;
  const links: SpanLink[] = [];
  for (let i = 0; i < 128; i++) {
    const key = `otlp.link.${i}`;
    const link = linkOf(textOf(tags.get(key)));
    if (link === undefined) break;
    tags.delete(key);
    links.push(link);
  }
  return links;
}

function linkOf(text: string): SpanLink | undefined {
  const match = /^([0-9a-f]{32})\|([0-9a-f]{16})\|([^|]*)\|(.*)\|(\d+)$/is.exec(text);
  const [, traceId = '', spanId = '', traceState = '', json = '', dropped = ''] = match ?? [];
  const attributes = match === null ? undefined : attributesOf(json);
  if (attributes === undefined) return undefined;
  return {
    traceId: traceId.toLowerCase(),
    spanId: spanId.toLowerCase(),
    traceState,
    attributes,
    flags: 0,
    droppedAttributes: Number(dropped) >>> 0,
  };
}

function attributesOf(json: string): ReadonlyMap<string, AttributeValue> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const attributes = new Map<string, AttributeValue>();
  for (const [key, given] of Object.entries(value)) {
    if (typeof given === 'string' || typeof given === 'boolean') attributes.set(key, given);
    else if (typeof given === 'number') attributes.set(key, Number.isSafeInteger(given) ? BigInt(given) : given);
  }
  return attributes;
}

function parseTexts(tags: Map<string, AttributeValue>): void {
  for (const [key, value] of tags) if (typeof value === 'string') tags.set(key, parsed(value));
}

function parsed(text: string): AttributeValue {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d+\.\d+$/.test(text)) return Number(text);
  if (!/^-?\d{1,19}$/.test(text)) return text;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : text;
}

function take(attributes: Map<string, AttributeValue>, key: string): AttributeValue | undefined {
  const value = attributes.get(key);
  if (value !== undefined) attributes.delete(key);
  return value;
}

function textOf(value: AttributeValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
