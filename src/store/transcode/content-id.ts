/** Ids of dictionary rows are 64 bits of a hash of their content, so that every writer gives one thing one id without asking. */
import { createHash } from 'node:crypto';

/** Two halves of 32 bits (signed), as `Column.u64` takes them. Never both zero: id 0 has a meaning of its own. */
export interface ContentId {
  readonly low: number;
  readonly high: number;
}

/** Computed once for each content, so the hash may be a strong one: a sender cannot make two things share an id by chance. */
export function contentId(content: Uint8Array): ContentId {
  const digest = createHash('sha256').update(content).digest();
  const low = digest.readInt32LE(0);
  const high = digest.readInt32LE(4);
  return low === 0 && high === 0 ? { low: 1, high: 0 } : { low, high };
}

/** A quick hash for tables in memory. `seed` is random for each process, so that nobody can aim at one bucket. */
export function quickHash(source: DataView, at: number, length: number, seed: number): number {
  let hash = seed ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    hash = Math.imul(hash ^ source.getInt32(at + i, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; i < length; i++) hash = Math.imul(hash ^ source.getUint8(at + i), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Are the bytes of `source` at `at` those of the whole `known` (padded behind `length`, see `paddedView`)? */
export function hasBytes(source: DataView, at: number, known: DataView, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (source.getInt32(at + i, true) !== known.getInt32(i, true)) return false;
  for (; i < length; i++) if (source.getUint8(at + i) !== known.getUint8(i)) return false;
  return true;
}
