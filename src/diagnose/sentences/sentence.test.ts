import { describe, expect, it } from 'vitest';
import { narrowSpace } from '../format.ts';
import type { Language } from '../verdict-types.ts';
import { en } from './en.ts';
import { sentence, sentenceText } from './sentence.ts';
import type { SentenceId, SentenceValues } from './values.ts';

const t = 'order · SELECT orders';
const op = 'GET /checkout';

/** Every sentence at least once, each of its forms: id, values, English, French (`_` is a narrow no-break space). */
const cases = [
  said(
    'lead.endpoint',
    { op, delta: 412e6, slow: 532e6, usual: 120e6 },
    'GET /checkout takes 412 ms more than usual (532 ms against 120 ms)',
    "GET /checkout prend 412_ms de plus que d'habitude (532_ms contre 120_ms)",
  ),
  said(
    'lead.trace.usual',
    { op, d: 1.24e9, x: 12.5, u: 99e6 },
    'GET /checkout took 1.24 s, 12× its usual 99 ms',
    'GET /checkout a pris 1,24_s, soit 12× ses 99_ms habituelles',
  ),
  said('lead.trace', { op, d: 500e6 }, 'GET /checkout took 500 ms', 'GET /checkout a pris 500_ms'),
  said('cause', { ms: 350e6, t, why: 'W' }, `350 ms in ${t}, W`, `350_ms dans ${t}, W`),
  said('second', { ms: 50e6, t, why: 'W' }, `; then 50 ms in ${t}, W`, `_; puis 50_ms dans ${t}, W`),
  said('own-time', {}, 'own work, with no child span inside', 'travail propre, sans span enfant'),
  said(
    'own-time',
    { slow: 9e6, usual: 2e6 },
    'own work: 9 ms instead of 2 ms',
    'travail propre_: 9_ms au lieu de 2_ms',
  ),
  said('database', {}, 'one query', 'une requête SQL'),
  said(
    'database',
    { n: 1, slow: 350e6, usual: 28e6 },
    'one query: 350 ms instead of 28 ms',
    'une requête SQL_: 350_ms au lieu de 28_ms',
  ),
  said(
    'database',
    { n: 3, slow: 350e6, usual: 84e6 },
    '3 queries: 350 ms instead of 84 ms',
    '3 requêtes SQL_: 350_ms au lieu de 84_ms',
  ),
  said('n-plus-one', { n: 40, u: 1 }, 'called 40 times in a row instead of 1', '40 appels à la suite au lieu de 1'),
  said(
    'n-plus-one',
    { n: 1200, each: 9e6 },
    'called 1,200 times in a row, 9 ms each',
    '1_200 appels à la suite, 9_ms chacun',
  ),
  said(
    'serial-calls',
    { n: 4 },
    '4 calls one after another that usually run together',
    "4 appels l'un après l'autre, d'habitude en parallèle",
  ),
  said(
    'serial-calls',
    { n: 4, p: 30e6 },
    '4 calls one after another that could take 30 ms together',
    "4 appels l'un après l'autre, qui prendraient 30_ms en parallèle",
  ),
  said(
    'retry',
    { n: 3, e: 2, error: '503', gap: 200e6 },
    '3 tries, 2 failed (503), 200 ms between tries',
    '3 essais, 2 en échec (503), 200_ms entre les essais',
  ),
  said('timeout', { limit: 5e9 }, 'gave up after 5 s', 'abandon après 5_s'),
  said(
    'timeout',
    { limit: 5e9, share: 0.3 },
    'gave up after 5 s in 30% of the calls',
    'abandon après 5_s dans 30_% des appels',
  ),
  said(
    'network',
    { client: 'a', server: 'b', slow: 80e6, usual: 1e6 },
    'on the way between a and b: 80 ms instead of 1 ms',
    'en trajet entre a et b_: 80_ms au lieu de 1_ms',
  ),
  said(
    'queue',
    { queue: 'q', slow: 80e6, usual: 1e6 },
    'waiting in q before it was taken: 80 ms instead of 1 ms',
    'attente dans q avant prise en charge_: 80_ms au lieu de 1_ms',
  ),
  said(
    'straggler',
    { n: 8, slow: 900e6, median: 20e6 },
    'one of 8 parallel calls took 900 ms; the others about 20 ms',
    'un des 8 appels parallèles a pris 900_ms_; les autres environ 20_ms',
  ),
  said(
    'missing-instrumentation',
    { ms: 80e6, a: 'A', b: 'B' },
    'no span covers 80 ms between A and B: instrument this part',
    'aucun span ne couvre 80_ms entre A et B_: partie à instrumenter',
  ),
  said(
    'external',
    { peer: 'api.stripe.com' },
    'waiting for api.stripe.com, which sends no spans',
    "attente de api.stripe.com, qui n'envoie pas de spans",
  ),
  said('new-call', {}, 'a call that usual requests do not make', 'un appel absent des requêtes habituelles'),
  said('error', { ms: 80e6, error: 'E' }, 'it failed after 80 ms: E', 'échec après 80_ms_: E'),
  said(
    'attribute',
    { p: 0.97, q: 0.02, key: 'k', value: 'v' },
    '; 97% of the slow ones have k = v, 2% of the usual ones',
    '_; 97_% des lentes ont k = v, contre 2_% des habituelles',
  ),
  said(
    'when',
    { time: new Date(2026, 0, 1, 14, 5).getTime(), n: 3, service: 'order', version: '2.0' },
    '; since 14:05, 3 min after order 2.0 appeared',
    "_; depuis 14:05, 3_min après l'arrivée de order 2.0",
  ),
  said(
    'spread',
    { delta: 400e6, n: 12, ms: 40e6, t },
    `no single cause: 400 ms over 12 operations, at most 40 ms in ${t}`,
    `pas de cause unique_: 400_ms sur 12 opérations, au plus 40_ms dans ${t}`,
  ),
  said(
    'healthy',
    { op, slow: 30e6, low: 20e6, high: 40e6 },
    'GET /checkout is not slower than usual: 30 ms, usually 20 ms to 40 ms',
    "GET /checkout_: rien d'inhabituel, 30_ms, d'ordinaire de 20_ms à 40_ms",
  ),
  said(
    'always',
    { op, share: 0.7, t, ms: 350e6 },
    `GET /checkout is always like this; 70% of it is ${t} (350 ms)`,
    `GET /checkout_: toujours ainsi_; 70_% dans ${t} (350_ms)`,
  ),
  said(
    'too-little',
    { n: 1, m: 4, k: 20 },
    'too few traces to say: 1 slow, 4 usual; 20 of each needed. The slowest one:',
    'trop peu de traces pour conclure_: 1 lente, 4 habituelles_; il en faut 20 de chaque. La plus lente_:',
  ),
  said('unexplained', { ms: 8e6, share: 0.02 }, '8 ms (2%) stay unexplained', '8_ms (2_%) restent sans explication'),
  said(
    'not-waited',
    { t, ms: 80e6 },
    `${t} goes on 80 ms after the answer; nobody waited for it`,
    `${t} continue 80_ms après la réponse_; personne n'attendait`,
  ),
  said(
    'incomplete',
    { n: 1 },
    'incomplete: 1 span has a parent that never arrived',
    'incomplète_: parent jamais reçu pour 1 span',
  ),
  said(
    'incomplete',
    { n: 12_400 },
    'incomplete: 12,400 spans have a parent that never arrived',
    'incomplète_: parent jamais reçu pour 12_400 spans',
  ),
  said('arriving', {}, 'still arriving', "en cours d'arrivée"),
  said(
    'skew',
    { host: 'h1', ms: 8e6 },
    'clock of h1 moved by 8 ms for this analysis',
    "horloge de h1 décalée de 8_ms pour l'analyse",
  ),
  said('sampled', { n: 200, m: 4000 }, 'from 200 of 4,000 traces', 'sur 200 traces parmi 4_000'),
  said('tag', { ms: 350e6, share: 0.7 }, 'the time goes here · 350 ms (70%)', "c'est là que ça coince · 350_ms (70_%)"),
  said(
    'tag.usual',
    { x: 12.5, u: 28e6 },
    'the time goes here: 12× its usual 28 ms',
    "c'est là que ça coince_: 12× ses 28_ms habituelles",
  ),
  said('verdict', { lead: 'A', rest: 'B' }, 'A: B.', 'A_: B.'),
];

describe.each(['en', 'fr'] as const)('in %s', (language: Language) => {
  it.each(cases.map((c) => [`${c.id} ${JSON.stringify(c.en)}`, c] as const))('%s', (_, c) => {
    expect(c.text(language).replaceAll(narrowSpace, '_')).toBe(c[language]);
  });
});

it('every sentence is tried', () => {
  expect(Object.keys(en).sort()).toEqual([...new Set(cases.map((c) => c.id))].sort());
});

it('keeps the raw values beside the text', () => {
  expect(sentence('tag', { ms: 350e6, share: 0.7 }, 'en')).toEqual({
    id: 'tag',
    values: { ms: 350e6, share: 0.7 },
    text: 'the time goes here · 350 ms (70%)',
  });
});

function said<Id extends SentenceId>(id: Id, values: SentenceValues[Id], english: string, french: string) {
  return { id, text: (language: Language) => sentenceText(id, values, language), en: english, fr: french };
}
