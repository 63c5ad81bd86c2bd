/**
 * What of the trace page is in its address, so that a copied link shows the same to somebody else:
 *
 *   span=ID            the selected span; `none` when the default selection was closed
 *   zoom=START-END     ns from the trace's start
 *   find=TEXT          the text searched for
 *   rows=everything    out of Focus, folds open
 *   levels=N           only the first N levels of the tree are open
 *   toggled=sID,fID,…  rows, folds and hidden groups opened or closed against the default, named by their first span
 *   mark=service:NAME  or cause:N: whose spans are highlighted
 *   spans=all          the waterfall on a narrow screen
 */
import type { TimeRange } from './thread.ts';

export interface PageAddress {
  readonly span: string | undefined;
  readonly zoom: TimeRange | undefined;
  readonly find: string;
  readonly isEverything: boolean;
  readonly levels: number | undefined;
  readonly toggled: ReadonlySet<string>;
  readonly mark: Mark | undefined;
  readonly showsAllSpans: boolean;
}

export type Mark = { readonly service: string } | { readonly cause: number };

/** A link stays one that can be pasted anywhere: beyond this many, the last toggles are left out of it. */
const mostToggled = 40;

export function parseAddress(query: URLSearchParams): PageAddress {
  const span = query.get('span') ?? '';
  return {
    span: span === 'none' || /^[0-9a-f]{16}$/.test(span) ? span : undefined,
    zoom: parseZoom(query.get('zoom') ?? ''),
    find: query.get('find') ?? '',
    isEverything: query.get('rows') === 'everything',
    levels: /^\d{1,5}$/.test(query.get('levels') ?? '') ? Number(query.get('levels')) : undefined,
    toggled: new Set((query.get('toggled') ?? '').split(',').filter((key) => /^[sfh][0-9a-f]{16}$/.test(key))),
    mark: parseMark(query.get('mark') ?? ''),
    showsAllSpans: query.get('spans') === 'all',
  };
}

/** Only what differs from the default, in a fixed order. Other parameters of the page are kept from `query`. */
export function formatAddress(address: PageAddress, query: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(query);
  const set = (key: string, value: string | undefined) => {
    next.delete(key);
    if (value !== undefined && value !== '') next.set(key, value);
  };
  set('span', address.span);
  set('zoom', address.zoom && `${Math.round(address.zoom.startNs)}-${Math.round(address.zoom.endNs)}`);
  set('find', address.find);
  set('rows', address.isEverything ? 'everything' : undefined);
  set('levels', address.levels?.toString());
  set('toggled', [...address.toggled].slice(0, mostToggled).join(','));
  set('mark', address.mark && formatMark(address.mark));
  set('spans', address.showsAllSpans ? 'all' : undefined);
  return next;
}

function parseZoom(text: string): TimeRange | undefined {
  const match = /^(\d{1,16})-(\d{1,16})$/.exec(text);
  if (match === null) return undefined;
  const [startNs, endNs] = [Number(match[1]), Number(match[2])];
  return endNs > startNs ? { startNs, endNs } : undefined;
}

function parseMark(text: string): Mark | undefined {
  if (text.startsWith('service:')) return { service: text.slice('service:'.length) };
  const cause = /^cause:(\d{1,4})$/.exec(text)?.[1];
  return cause === undefined ? undefined : { cause: Number(cause) };
}

function formatMark(mark: Mark): string {
  return 'service' in mark ? `service:${mark.service}` : `cause:${mark.cause}`;
}
