/** How an endpoint was once, in a file to compare with: a gate in a pipeline needs no server that remembers. */
import { readFile, writeFile } from 'node:fs/promises';
import { targetOf } from '../diagnose/diagnose-trace.ts';
import { sentenceText } from '../diagnose/sentences/sentence.ts';
import type { Language } from '../diagnose/verdict-types.ts';
import type { EndpointWhy } from '../show/api/types.ts';
import { CommandError } from './command.ts';

/** Times in ns; of each operation what it usually takes of a call. */
export interface Profile {
  readonly ariane_profile: 1;
  readonly service: string;
  readonly operation: string;
  readonly calls: EndpointWhy['calls'];
  readonly nodes: readonly {
    readonly service: string;
    readonly operation: string;
    readonly kind: string;
    readonly ns: number;
  }[];
}

export interface Growth {
  /** 0.2: a fifth slower. Negative when faster. */
  readonly share: number;
  text(language: Language): string;
}

export async function saveProfile(path: string, { question, calls, causes }: EndpointWhy): Promise<void> {
  const nodes = causes.map(({ service, operation, kind, usual_ns }) => ({ service, operation, kind, ns: usual_ns }));
  const { service, operation } = question;
  const profile: Profile = { ariane_profile: 1, service, operation, calls, nodes };
  try {
    await writeFile(path, `${JSON.stringify(profile, undefined, 2)}\n`);
  } catch (cause) {
    throw new CommandError(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}

export async function readProfile(path: string): Promise<Profile> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new CommandError(
      `cannot read ${path}: ${reasonOf(cause)}; --against takes a duration such as 1d, or a file that --save wrote`,
      { cause },
    );
  }
  if (isProfile(content)) return content;
  throw new CommandError(`${path} is no profile: ariane why SERVICE OPERATION --save FILE writes one`);
}

/**
 * By how much the endpoint is slower than it was. Of mean, median and 95th percentile the middle growth counts: one slow call moves
 * the mean, and a few the percentile, but not two of the three.
 */
export function growthSince(profile: Profile, answer: EndpointWhy): Growth {
  const { service, operation: op } = answer.question;
  if (profile.service !== service || profile.operation !== op) {
    throw new CommandError(`the profile is of ${profile.service} · ${profile.operation}, not of ${service} · ${op}`);
  }
  const [now, before] = [answer.calls, profile.calls];
  const growths = (['mean_ns', 'p50_ns', 'p95_ns'] as const).map((key) => now[key] / Math.max(1, before[key]) - 1);
  const share = growths.sort((a, b) => a - b)[1] ?? 0;
  return {
    share,
    text(language) {
      if (now.mean_ns <= before.mean_ns || share <= 0) {
        return sentenceText('healthy', { op, slow: now.p50_ns, low: before.p50_ns, high: before.p95_ns }, language);
      }
      const values = { op, delta: now.mean_ns - before.mean_ns, slow: now.mean_ns, usual: before.mean_ns };
      const lead = sentenceText('lead.endpoint', values, language);
      const top = mostGrown(profile, answer);
      if (top === undefined) return `${lead}.`;
      const compared = { slow: top.now, usual: top.before };
      const why = sentenceText(top.kind === 'database' ? 'database' : 'own-time', compared, language);
      const rest = sentenceText('cause', { ms: top.now - top.before, t: targetOf(top), why }, language);
      return sentenceText('verdict', { lead, rest }, language);
    },
  };
}

function mostGrown(profile: Profile, { causes }: EndpointWhy) {
  const before = new Map(profile.nodes.map((node) => [`${node.service}\u0000${node.operation}`, node.ns]));
  return causes
    .map(({ service, operation, kind, usual_ns: now }) => ({
      service,
      operation,
      kind,
      now,
      before: before.get(`${service}\u0000${operation}`) ?? 0,
    }))
    .filter((node) => node.now > node.before)
    .sort((a, b) => b.now - b.before - (a.now - a.before))[0];
}

function isProfile(content: unknown): content is Profile {
  const is = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!is(content) || content.ariane_profile !== 1 || !is(content.calls) || !Array.isArray(content.nodes)) return false;
  const { calls } = content;
  const areNumbers = ['count', 'mean_ns', 'p50_ns', 'p95_ns'].every((key) => Number.isFinite(calls[key]));
  const areNodes = content.nodes.every(
    (node) =>
      is(node) && typeof node.service === 'string' && typeof node.operation === 'string' && Number.isFinite(node.ns),
  );
  return areNumbers && areNodes && typeof content.service === 'string' && typeof content.operation === 'string';
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
