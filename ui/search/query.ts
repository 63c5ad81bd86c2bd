/**
 * The search bar's text as conditions, pure. Typed conditions become parameters of the address (`SearchQuery`), so that a
 * search is the same link whether it was typed, chosen or pasted; words stay in `q`.
 */

/** One condition, as the bar shows it: `text` is what somebody would type for it. */
export interface Chip {
  readonly param: 'q' | 'service' | 'operation' | 'attribute' | 'minDuration' | 'maxDuration' | 'errors';
  /** The parameter's value. */
  readonly value: string;
  readonly text: string;
}

const single = new Set<Chip['param']>(['service', 'operation', 'minDuration', 'maxDuration', 'errors']);

/** The conditions of an address, in the order in which the bar shows them. */
export function chipsOf(params: URLSearchParams): readonly Chip[] {
  const chips: Chip[] = [];
  for (const param of ['service', 'operation', 'minDuration', 'maxDuration'] as const) {
    const value = params.get(param);
    if (value !== null && value !== '') chips.push(chip(param, value));
  }
  if (params.get('errors') === 'true') chips.push(chip('errors', 'true'));
  for (const value of params.getAll('attribute')) chips.push(chip('attribute', value));
  chips.push(...parseText(params.get('q') ?? ''));
  return chips;
}

/** What somebody typed, as conditions. */
export function parseText(text: string): readonly Chip[] {
  return tokens(text).map((token) => {
    if (/^errors?$/i.test(token)) return chip('errors', 'true');
    const duration = /^([<>])=?\s*(\d.*)$/.exec(token);
    if (duration && isDuration(duration[2] ?? '')) {
      return chip(duration[1] === '>' ? 'minDuration' : 'maxDuration', (duration[2] ?? '').replace(',', '.'));
    }
    const equals = token.indexOf('=');
    if (equals > 0) {
      const key = token.slice(0, equals);
      const value = token.slice(equals + 1);
      if (value !== '' && (key === 'service' || key === 'operation')) return chip(key, unquote(value));
      return chip('attribute', token);
    }
    return chip('q', token);
  });
}

/** The parameters that say these conditions and no others, for `setParams`. Of two for one parameter the later holds. */
export function paramsOf(chips: readonly Chip[]): Record<Chip['param'], string | readonly string[] | undefined> {
  const all = (param: Chip['param']) => chips.filter((c) => c.param === param).map((c) => c.value);
  return {
    service: all('service').at(-1),
    operation: all('operation').at(-1),
    minDuration: all('minDuration').at(-1),
    maxDuration: all('maxDuration').at(-1),
    errors: all('errors').at(-1),
    attribute: [...new Set(all('attribute'))],
    q: all('q').join(' ') || undefined,
  };
}

/** `chips` with `added`, each parameter that can stand only once standing once. */
export function addChips(chips: readonly Chip[], added: readonly Chip[]): readonly Chip[] {
  const kept = chips.filter(
    (old) => !added.some((c) => c.param === old.param && (single.has(c.param) || c.value === old.value)),
  );
  return [...kept, ...added];
}

/**
 * The trace id that a text names, in any form people paste: the id, a UUID, a W3C `traceparent`, an address of a trace
 * page, `trace_id=…` out of a log line. Six to fifteen digits count only alone and with a digit among them:
 * `facade` is a word. Lower case, as found.
 */
export function findTraceId(text: string): string | undefined {
  const trimmed = text.trim().replace(/^["'`]+|["'`,;]+$/g, '');
  const alone = trimmed.replace(/^0x/i, '').replaceAll('-', '');
  if (/^[0-9a-f]{16,32}$/i.test(alone)) return alone.toLowerCase();
  if (/^[0-9a-f]{6,15}$/i.test(trimmed) && /\d/.test(trimmed)) return trimmed.toLowerCase();
  const inside =
    /\b[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}\b/i.exec(trimmed) ??
    /\/trace\/([0-9a-f]{6,32})(?:[/?#]|$)/i.exec(trimmed) ??
    /^[^=]*\btrace[_.-]?id["']?\s*[=:]\s*["']?([0-9a-f]{16,32})\b/i.exec(trimmed);
  return inside?.[1]?.toLowerCase();
}

/** Words apart at blanks; what stands in double quotes stays together, and keeps its quotes. */
export function tokens(text: string): readonly string[] {
  return [...text.matchAll(/(?:[^\s"]+|"[^"]*"?)+/g)].map(([token]) => token);
}

function chip(param: Chip['param'], value: string): Chip {
  return { param, value, text: chipText(param, value) };
}

function chipText(param: Chip['param'], value: string): string {
  switch (param) {
    case 'service':
    case 'operation':
      return `${param}=${/\s/.test(value) ? `"${value}"` : value}`;
    case 'minDuration':
      return `>${value}`;
    case 'maxDuration':
      return `<${value}`;
    case 'errors':
      return 'error';
    case 'attribute':
    case 'q':
      return value;
  }
}

function isDuration(text: string): boolean {
  return /^(?:\d+(?:[.,]\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text);
}

function unquote(text: string): string {
  return text.replace(/^"(.*?)"?$/, '$1').replaceAll(/\\(.)/g, '$1');
}
