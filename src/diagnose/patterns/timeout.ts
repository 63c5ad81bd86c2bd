/** A caller that gave up waiting. */
import { attributeText } from '../../model/attributes.ts';
import { spanKind } from '../../model/span.ts';
import type { NodeKind } from '../kinds.ts';
import { childrenOf, endOf, isCall, isFailed, type Scene } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

const saysSo = /time[ds]?[\s_-]?out|deadline|etimedout|aborterror/i;
const codes = new Set(['408', '504', '4']);

/** A failed call that says so, or whose callee went on after it, or that lasted a limit as people set them. */
export const timeout: NodeKind = (node, scene, language) => {
  const row = node.rows.find((r) => isFailed(scene.trace, r) && isCall(scene.trace, r) && hasGivenUp(scene, r));
  if (row === undefined) return undefined;
  const values = { limit: scene.trace.durationNs[row] ?? 0 };
  return { kind: 'timeout', sentence: sentence('timeout', values, language) };
};

export function hasGivenUp(scene: Scene, row: number): boolean {
  const { trace } = scene;
  const detail = scene.detailOf(row);
  const texts = ['error.type', 'exception.type', 'exception.message'].map((k) =>
    attributeText(detail?.attributes.get(k)),
  );
  if ([...texts, detail?.statusMessage ?? ''].some((text) => saysSo.test(text))) return true;
  const statuses = ['http.response.status_code', 'rpc.grpc.status_code'].map((k) =>
    attributeText(detail?.attributes.get(k)),
  );
  if (statuses.some((code) => codes.has(code))) return true;
  const callees = childrenOf(trace, row).filter((child) => trace.kind[child] === spanKind.server);
  if (callees.some((child) => endOf(trace, child) > endOf(trace, row) + toleranceNs)) return true;
  return callees.length === 0 && isRoundLimit(trace.durationNs[row] ?? 0);
}

const toleranceNs = 5e6;
const round = [1, 1.5, 2, 2.5, 3, 4, 5, 6];

/** 500 ms, 2 s, 30 s and the like, up to 1 % later: timers are never early. Under 100 ms that would be chance. */
export function isRoundLimit(ns: number): boolean {
  if (ns < 100e6) return false;
  const scale = 10 ** Math.floor(Math.log10(ns));
  return round.some((r) => ns >= r * scale && ns <= r * scale * 1.01);
}
