/** Les phrases d'un verdict en français : ni article, ni élision, ni accord ne dépend d'un nom. */
import * as format from '../format.ts';
import type { Catalogue } from './values.ts';

// Before `: ; ! %` and between a number and its unit French sets a narrow no-break space.
const colon = `${format.narrowSpace}:`;
const semicolon = `${format.narrowSpace};`;
const d = (ns: number) => format.formatDuration(ns, 'fr');
const p = (share: number) => format.formatShare(share, 'fr');
const n = (count: number) => format.formatCount(count, 'fr');
const x = (factor: number) => `${format.formatFactor(factor, 'fr')}×`;
const counted = (count: number, one: string, other: string) =>
  `${n(count)} ${format.plural(count, 'fr', { one, other })}`;
const instead = ({ slow, usual }: { slow: number; usual?: number }) =>
  usual === undefined ? '' : `${colon} ${d(slow)} au lieu de ${d(usual)}`;

export const fr: Catalogue = {
  'lead.endpoint': (v) => `${v.op} prend ${d(v.delta)} de plus que d'habitude (${d(v.slow)} contre ${d(v.usual)})`,
  'lead.trace.usual': (v) => `${v.op} a pris ${d(v.d)}, soit ${x(v.x)} ses ${d(v.u)} habituelles`,
  'lead.trace': (v) => `${v.op} a pris ${d(v.d)}`,

  cause: (v) => `${d(v.ms)} dans ${v.t}, ${v.why}`,
  second: (v) => `${semicolon} puis ${d(v.ms)} dans ${v.t}, ${v.why}`,
  'own-time': ({ slow, usual }) =>
    slow === undefined || usual === undefined
      ? 'travail propre, sans span enfant'
      : `travail propre${colon} ${d(slow)} au lieu de ${d(usual)}`,
  database({ n: calls = 1, slow, usual }) {
    const queries = calls === 1 ? 'une requête SQL' : counted(calls, 'requête SQL', 'requêtes SQL');
    return slow === undefined || usual === undefined ? queries : `${queries}${colon} ${d(slow)} au lieu de ${d(usual)}`;
  },
  'n-plus-one'({ n: calls, u, each }) {
    const called = `${counted(calls, 'appel', 'appels')} à la suite`;
    if (u !== undefined) return `${called} au lieu de ${n(u)}`;
    return each === undefined ? called : `${called}, ${d(each)} chacun`;
  },
  'serial-calls': ({ n: calls, p: together }) =>
    together === undefined
      ? `${counted(calls, 'appel', 'appels')} l'un après l'autre, d'habitude en parallèle`
      : `${counted(calls, 'appel', 'appels')} l'un après l'autre, qui prendraient ${d(together)} en parallèle`,
  retry: (v) => `${counted(v.n, 'essai', 'essais')}, ${n(v.e)} en échec (${v.error}), ${d(v.gap)} entre les essais`,
  timeout: ({ limit, share }) =>
    share === undefined ? `abandon après ${d(limit)}` : `abandon après ${d(limit)} dans ${p(share)} des appels`,
  network: (v) => `en trajet entre ${v.client} et ${v.server}${instead(v)}`,
  queue: (v) => `attente dans ${v.queue} avant prise en charge${instead(v)}`,
  straggler: (v) =>
    `un des ${counted(v.n, 'appel parallèle', 'appels parallèles')} a pris ${d(v.slow)}${semicolon} les autres environ ${d(v.median)}`,
  'missing-instrumentation': (v) =>
    `aucun span ne couvre ${d(v.ms)} entre ${v.a} et ${v.b}${colon} partie à instrumenter`,
  external: (v) => `attente de ${v.peer}, qui n'envoie pas de spans`,
  'new-call': () => 'un appel absent des requêtes habituelles',
  error: (v) => `échec après ${d(v.ms)}${colon} ${v.error}`,

  attribute: (v) => `${semicolon} ${p(v.p)} des lentes ont ${v.key} = ${v.value}, contre ${p(v.q)} des habituelles`,
  when: (v) =>
    `${semicolon} depuis ${format.formatTime(v.time, 'fr')}, ${n(v.n)}${format.narrowSpace}min après l'arrivée de ${v.service} ${v.version}`,

  spread: (v) =>
    `pas de cause unique${colon} ${d(v.delta)} sur ${counted(v.n, 'opération', 'opérations')}, au plus ${d(v.ms)} dans ${v.t}`,
  healthy: (v) => `${v.op}${colon} rien d'inhabituel, ${d(v.slow)}, d'ordinaire de ${d(v.low)} à ${d(v.high)}`,
  always: (v) => `${v.op}${colon} toujours ainsi${semicolon} ${p(v.share)} dans ${v.t} (${d(v.ms)})`,
  'too-little': (v) =>
    `trop peu de traces pour conclure${colon} ${counted(v.n, 'lente', 'lentes')}, ${counted(v.m, 'habituelle', 'habituelles')}${semicolon} il en faut ${n(v.k)} de chaque. La plus lente${colon}`,
  unexplained: (v) => `${d(v.ms)} (${p(v.share)}) restent sans explication`,

  'not-waited': (v) => `${v.t} continue ${d(v.ms)} après la réponse${semicolon} personne n'attendait`,
  incomplete: (v) => `incomplète${colon} parent jamais reçu pour ${counted(v.n, 'span', 'spans')}`,
  arriving: () => "en cours d'arrivée",
  skew: (v) => `horloge de ${v.host} décalée de ${d(v.ms)} pour l'analyse`,
  sampled: (v) => `sur ${counted(v.n, 'trace', 'traces')} parmi ${n(v.m)}`,

  tag: (v) => `c'est là que ça coince · ${d(v.ms)} (${p(v.share)})`,
  'tag.usual': (v) => `c'est là que ça coince${colon} ${x(v.x)} ses ${d(v.u)} habituelles`,

  verdict: (v) => `${v.lead}${colon} ${v.rest}.`,
};
