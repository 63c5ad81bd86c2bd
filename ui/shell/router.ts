/**
 * The address bar as a signal. Every state that matters is in it: pages read `params`, and write with `setParams`.
 * Plain `<a href>` works: `start` turns clicks on them into navigation.
 */
import { computed, signal } from '@preact/signals';
import { explicitRange, parseRange, type Range, rangeParams } from './range.ts';
import { parseRoute, redirectOf, type Route } from './route.ts';

const address = signal(new URL('http://localhost/'));

export const path = computed(() => address.value.pathname);
export const params = computed(() => address.value.searchParams);
export const route = computed<Route>(() => parseRoute(path.value) ?? { page: 'unknown', path: path.value });
export const page = computed(() => route.value.page);

// A trace's address has no range: coming back from it, the links still lead to the range one was in.
const lastRange = signal<Range>(parseRange(new URLSearchParams()));
/** The range of the address, or the one before when this page has none. */
export const range = computed<Range>(
  () => explicitRange(params.value) ?? (hasRange() ? parseRange(params.value) : lastRange.value),
);

function hasRange(): boolean {
  return page.value !== 'trace' && page.value !== 'settings';
}

/** Goes to `to` (`/search?q=x`), as a step that "back" undoes unless `replace`. */
export function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  const url = new URL(to, location.href);
  const target = redirectOf(url.pathname, url.searchParams) ?? to;
  if (target !== to) return navigate(target, options);
  if (url.href === location.href) return;
  if (options.replace === true) history.replaceState(history.state, '', url);
  else {
    // Where the page stood, for "back".
    history.replaceState({ scrollY: window.scrollY }, '');
    history.pushState(null, '', url);
  }
  const isOtherPage = url.pathname !== address.value.pathname;
  follow();
  if (isOtherPage && options.replace !== true) window.scrollTo(0, 0);
}

/** Changes parameters of this address: undefined and '' drop one, a list repeats it. */
export function setParams(changes: Changes, options: { readonly replace?: boolean } = {}): void {
  navigate(withParams(address.value.pathname, params.value, changes), options);
}

export type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `path?query` from parameters and changes to them. */
export function withParams(to: string, from: URLSearchParams, changes: Changes): string {
  const next = new URLSearchParams(from);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) if (one !== '') next.append(key, one);
  }
  const query = next.toString();
  return query === '' ? to : `${to}?${query}`;
}

/** An address on another page, in the range one is in. */
export function hrefInRange(to: string, changes: Changes = {}): string {
  return withParams(to, new URLSearchParams(), { ...rangeParams(range.value), ...changes });
}

/** The address of a trace, with the span to select when one is meant. */
export function traceHref(traceId: string, changes: Changes = {}): string {
  return withParams(`/trace/${traceId}`, new URLSearchParams(), changes);
}

/** Begins to follow the address bar. Called once, by `main.tsx`. */
export function startRouter(): void {
  const url = new URL(location.href);
  const target = redirectOf(url.pathname, url.searchParams);
  if (target !== undefined) history.replaceState(null, '', target);
  follow();
  history.scrollRestoration = 'manual';
  window.addEventListener('popstate', (event) => {
    follow();
    const at: unknown = event.state;
    const y = typeof at === 'object' && at !== null && 'scrollY' in at ? Number(at.scrollY) : 0;
    requestAnimationFrame(() => window.scrollTo(0, y));
  });
  document.addEventListener('click', followLink);
}

function follow(): void {
  address.value = new URL(location.href);
  if (hasRange()) lastRange.value = parseRange(params.value);
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
  const url = new URL(link.href);
  if (parseRoute(url.pathname) === undefined) return;
  event.preventDefault();
  navigate(url.pathname + url.search + url.hash);
}
