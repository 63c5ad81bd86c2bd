import type { ComponentChildren } from 'preact';
import type { Stats } from '../../src/show/api/types.ts';
import { Segmented } from '../parts/segmented.tsx';
import { SkeletonRows } from '../parts/skeleton.tsx';
import { nowMs, stats, statsAtMs } from '../shell/live.ts';
import { setTheme, themeChoice } from '../shell/theme.ts';
import { useTitle } from '../shell/title.ts';
import { format, language, languages, setLanguage, words } from '../words/words.ts';
import './settings.css';

/** What is kept and where, what was received, which ports are open, and this page's own language and theme. */
export function SettingsPage() {
  const { settings: text, app } = words();
  useTitle(text.title);
  const now = stats.value;
  return (
    <div class="page settings-page">
      <header class="page-head">
        <h1>{text.title}</h1>
      </header>
      <Section title={text.page}>
        <Entry name={app.language}>
          <Segmented
            label={app.language}
            value={language.value}
            choices={languages.map(({ id, name }) => ({ id, label: name }))}
            onChoose={setLanguage}
          />
        </Entry>
        <Entry name={app.theme}>
          <Segmented
            label={app.theme}
            value={themeChoice.value}
            choices={(['system', 'light', 'dark'] as const).map((id) => ({ id, label: app.themes[id] }))}
            onChoose={setTheme}
          />
        </Entry>
      </Section>
      {now === undefined ? (
        <SkeletonRows count={14} label={app.loading} />
      ) : (
        <>
          <Storage store={now.store} />
          <Received signals={now.signals} />
          <Ports ports={now.ports} />
          <Section title="Ariane">
            <Entry name={text.version}>
              <span class="mono">{now.version}</span>
            </Entry>
            <Entry name={text.uptime}>
              {uptimeText(now.uptime_s + Math.max(0, nowMs.value - statsAtMs.value) / 1000)}
            </Entry>
          </Section>
          <p class="quiet">{text.change}</p>
        </>
      )}
    </div>
  );
}

function Storage({ store }: { readonly store: Stats['store'] }) {
  const { settings: text, units } = words();
  const f = format();
  const share = store.limit_bytes > 0 ? store.bytes / store.limit_bytes : 0;
  return (
    <Section title={text.storage}>
      <Entry name={text.state}>
        <span class={store.state === 'failed' ? 'error' : undefined}>{text.states[store.state]}</span>
      </Entry>
      <Entry name={text.usedLabel}>
        <span class="num">{text.used(store.bytes, store.limit_bytes)}</span>
        <span class="meter" role="img" aria-label={f.percent(share)}>
          <i style={{ width: `${Math.min(1, share) * 100}%` }} />
        </span>
      </Entry>
      <Entry name={text.spans}>
        <span class="num">{f.count(store.spans)}</span>
        {store.spans > 1000 && <span class="quiet num">{text.perSpan(store.bytes / store.spans)}</span>}
      </Entry>
      <Entry name={text.retention}>
        {text.retentionOr(units.days(store.retention_days), f.bytes(store.limit_bytes))}
      </Entry>
      {store.oldest_ms !== null && <Moment name={text.oldest} ms={store.oldest_ms} />}
      {store.newest_ms !== null && <Moment name={text.newest} ms={store.newest_ms} />}
      <Entry name={text.dataDir}>
        <code>{store.data_dir}</code>
      </Entry>
    </Section>
  );
}

function Moment({ name, ms }: { readonly name: string; readonly ms: number }) {
  return (
    <Entry name={name}>
      <span class="num">{format().ago(ms, Math.max(ms, nowMs.value))}</span>
      <span class="quiet num">{format().absolute(ms)}</span>
    </Entry>
  );
}

const figures = ['received', 'stored', 'spooled', 'not_stored', 'refused', 'quarantined'] as const;

function Received({ signals }: { readonly signals: Stats['signals'] }) {
  const { settings: text } = words();
  const f = format();
  // Red is for what went wrong and is there.
  const isBad = (figure: (typeof figures)[number], n: number) =>
    n > 0 && (figure === 'refused' || figure === 'quarantined');
  return (
    <section class="settings-section">
      <h2>{text.received}</h2>
      <div class="table-scroll">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">{text.signalLabel}</span>
              </th>
              {figures.map((figure) => (
                <th key={figure} scope="col">
                  {text.columns[figure]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(['traces', 'metrics', 'logs'] as const).map((signal) => (
              <tr key={signal}>
                <th scope="row">
                  {text.signal[signal]} <span class="quiet">{text.unit[signal]}</span>
                </th>
                {figures.map((figure) => {
                  const n = signals[signal][figure];
                  return (
                    <td key={figure} class={`num${isBad(figure, n) ? ' error' : n === 0 ? ' quiet' : ''}`}>
                      {f.count(n)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Ports({ ports }: { readonly ports: Stats['ports'] }) {
  const { settings: text } = words();
  return (
    <section class="settings-section">
      <h2>{text.ports}</h2>
      <div class="ports" role="table" aria-label={text.ports}>
        {ports.map((port) => (
          <div key={`${port.address} ${port.what}`} role="row" class={port.problem === null ? 'port' : 'port problem'}>
            <span role="cell" class="mono">
              {port.address}
            </span>
            <span role="cell">{port.what}</span>
            <span role="cell" class={port.problem === null ? 'quiet' : 'error'}>
              {port.problem ?? text.open}
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="settings-section">
      <h2>{title}</h2>
      <dl>{children}</dl>
    </section>
  );
}

function Entry({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="entry">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function uptimeText(seconds: number): string {
  // To the second below two minutes, to the minute above: the figure is no clock.
  return format().duration((seconds < 120 ? Math.floor(seconds) : Math.floor(seconds / 60) * 60) * 1e9);
}
