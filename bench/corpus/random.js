/** Randomness that a seed repeats. */
export function createRandom(seed) {
  let state = seed >>> 0;
  // mulberry32: small, and good enough for a simulation.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const between = (low, high) => low + next() * (high - low);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const hex = (digits) => {
    let text = '';
    while (text.length < digits)
      text += Math.floor(next() * 65536)
        .toString(16)
        .padStart(4, '0');
    return text.slice(0, digits);
  };
  return {
    next,
    between,
    int: (low, high) => Math.floor(between(low, high + 1)),
    chance: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)],
    /** Median 1; sigma of the logarithm. */
    lognormal: (sigma) => Math.exp(sigma * normal()),
    hex,
  };
}
