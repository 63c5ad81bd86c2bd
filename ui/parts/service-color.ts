/**
 * The services' palette. Twelve colours found by maximising the smallest OKLab distance between any two of them as seen
 * by normal eyes and by deuteranopes, protanopes and tritanopes (matrices of Machado, Oliveira and Fernandes, 2009), away from the
 * error's red and the thread's gold, at 3:1 or more against the page's ground (WCAG 2.2, 1.4.11). The test measures it.
 * `style/tokens.css` holds the same values as `--service-0` … `--service-11`.
 */
export type Theme = 'light' | 'dark';

export const slots = 12;

export const palette: Readonly<Record<Theme, readonly string[]>> = {
  light: '#896658 #434300 #427100 #589c63 #038189 #0a5677 #4094f1 #3b288f #793ea7 #a863bc #6d1848 #8993a1'.split(' '),
  dark: '#a45c33 #98921a #a1e698 #42b785 #487d71 #75e4f7 #3ebaff #3875dc #8e88fe #9358a9 #ca7bbd #afb3c0'.split(' '),
};

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/), over UTF-16 units. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** The slot a service asks for, 0..11. Two services may ask for one: `assignSlots` settles it. */
export function preferredSlot(name: string): number {
  return hashName(name) % slots;
}

/**
 * A slot for every service. Each gets the slot it prefers, or the next free one; only the thirteenth shares. The answer
 * depends on the set of names and not on their order, so two people looking at one store see the same colours.
 */
export function assignSlots(names: Iterable<string>): ReadonlyMap<string, number> {
  const sorted = [...new Set(names)].sort((a, b) => hashName(a) - hashName(b) || (a < b ? -1 : 1));
  const assigned = new Map<string, number>();
  for (const name of sorted) assigned.set(name, freeSlot(preferredSlot(name), assigned));
  return assigned;
}

/** The first slot at or after `from` that the fewest services have. */
export function freeSlot(from: number, assigned: ReadonlyMap<string, number>): number {
  const used = Array.from({ length: slots }, () => 0);
  for (const slot of assigned.values()) used[slot] = (used[slot] ?? 0) + 1;
  const least = Math.min(...used);
  // Steps of 5 visit all twelve and land far from the neighbour's colour.
  for (let step = 0; step < slots; step++) {
    const slot = (from + step * 5) % slots;
    if (used[slot] === least) return slot;
  }
  return from;
}
