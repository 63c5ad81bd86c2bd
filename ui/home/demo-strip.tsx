import { Icon } from '../parts/icons.tsx';
import { words } from '../words/words.ts';
import { demo, demoBusy, demoProblem, runDemo } from './demo.ts';

/** While the demo runs or has left data: what it does, the index to add, the way to get rid of it. */
export function DemoStrip() {
  const { demo: text } = words();
  const state = demo.value;
  if (state === undefined || !(state.running || state.hasData)) return null;
  const isBusy = demoBusy.value !== undefined;
  return (
    <section class="demo-strip" aria-label={text.title}>
      <p>
        <b>{text.title}</b> {state.running ? text.running(text.requests(state.requests)) : text.stopped}{' '}
        {state.running && (state.hasIndex ? text.indexed : text.slow)}
        {demoProblem.value !== undefined && <span class="error"> {demoProblem.value}</span>}
      </p>
      <div class="actions">
        {state.running && !state.hasIndex && (
          <button type="button" class="control primary" disabled={isBusy} onClick={() => void runDemo('index')}>
            {text.addIndex}
          </button>
        )}
        {state.shopUrl !== null && state.running && isWebAddress(state.shopUrl) && (
          <a class="control" href={state.shopUrl} target="_blank" rel="noreferrer">
            {text.shop} <Icon name="external" />
          </a>
        )}
        <button
          type="button"
          class="control"
          disabled={isBusy}
          onClick={() => void runDemo(state.running ? 'stop' : 'start')}
        >
          {state.running ? text.stop : text.start}
        </button>
        <button type="button" class="control" disabled={isBusy} onClick={() => void runDemo('remove')}>
          {text.remove}
        </button>
      </div>
    </section>
  );
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//.test(url);
}
