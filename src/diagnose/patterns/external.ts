/** A call whose callee sends no spans: what happens there is not to be seen. */
import { attributeText } from '../../model/attributes.ts';
import { spanKind } from '../../model/span.ts';
import type { NodeKind } from '../kinds.ts';
import { isDatabase, type Scene } from '../scene.ts';
import { sentence } from '../sentences/sentence.ts';

export const external: NodeKind = (node, scene, language) => {
  const { trace } = scene;
  const row = node.rows[0] ?? -1;
  if (trace.kind[row] !== spanKind.client || isDatabase(trace, row) || (trace.size[row] ?? 1) > 1) return undefined;
  const peer = peerOf(scene, row) ?? node.operation;
  return { kind: 'external', sentence: sentence('external', { peer }, language) };
};

const keys = [
  'peer.service',
  'service.peer.name',
  'server.address',
  'net.peer.name',
  'http.host',
  'network.peer.address',
];

export function peerOf(scene: Scene, row: number): string | undefined {
  const attributes = scene.detailOf(row)?.attributes;
  const named = keys.map((key) => attributeText(attributes?.get(key))).find((text) => text !== '');
  if (named !== undefined) return named;
  const url = attributeText(attributes?.get('url.full') ?? attributes?.get('http.url'));
  return URL.canParse(url) ? new URL(url).host : undefined;
}
