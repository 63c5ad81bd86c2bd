/** The few statistics that a verdict rests on. */

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the two nearest. NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The G-test of independence on a 2×2 table: how surely a share of `a` in `ofA` differs from one of `b` in `ofB`.
 * Gives the p-value of chi-square with one degree of freedom, with Williams' correction for small counts.
 */
export function gTest(a: number, ofA: number, b: number, ofB: number): number {
  const total = ofA + ofB;
  const having = a + b;
  if (ofA === 0 || ofB === 0 || having === 0 || having === total) return 1;
  const term = (seen: number, expected: number) => (seen === 0 ? 0 : seen * Math.log(seen / expected));
  const g =
    2 *
    (term(a, (ofA * having) / total) +
      term(ofA - a, (ofA * (total - having)) / total) +
      term(b, (ofB * having) / total) +
      term(ofB - b, (ofB * (total - having)) / total));
  const rows = total / ofA + total / ofB - 1;
  const columns = total / having + total / (total - having) - 1;
  return chiSquareTail(Math.max(0, g) / (1 + (rows * columns) / (6 * total)));
}

/** P(χ² > x) with one degree of freedom: erfc(√(x/2)). */
export function chiSquareTail(x: number): number {
  return erfc(Math.sqrt(x / 2));
}

/** Relative error below 1.2e-7 everywhere: Numerical Recipes in C, 2nd edition, § 6.2. */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const poly = coefficients.reduceRight((sum, c) => sum * t + c, 0);
  return t * Math.exp(-x * x + poly);
}

/**
 * Which of the p-values may be believed when at most the share `rate` of those believed shall be false (Benjamini and Hochberg, 1995).
 * Gives the largest p-value that may; -1 when none may.
 */
export function falseDiscoveryLimit(pValues: readonly number[], rate: number): number {
  const sorted = pValues.toSorted((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (rate * (i + 1)) / sorted.length);
  return sorted[last] ?? -1;
}
