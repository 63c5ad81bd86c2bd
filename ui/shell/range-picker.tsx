import { useState } from 'preact/hooks';
import { Icon } from '../parts/icons.tsx';
import { Popover } from '../parts/popover.tsx';
import { format, words } from '../words/words.ts';
import { parseLast, presets, type Range, rangeBounds, rangeParams } from './range.ts';
import { range, setParams } from './router.ts';

/** The time range of the page: a preset that ends now, or two moments. */
export function RangePicker() {
  const { range: text } = words();
  const choose = (next: Range, close: () => void) => {
    setParams(rangeParams(next));
    close();
  };
  return (
    <Popover label={text.label} align="right" class="range-picker" button={<RangeLabel />}>
      {(close) => (
        <>
          {presets.map((preset) => {
            const value = parseLast(preset);
            const isCurrent = range.value.kind === 'last' && range.value.text === preset;
            return (
              <button
                key={preset}
                type="button"
                class="menu-item"
                aria-current={isCurrent}
                onClick={() => value && choose(value, close)}
              >
                {text.last[preset]}
              </button>
            );
          })}
          <CustomRange onChoose={(next) => choose(next, close)} />
        </>
      )}
    </Popover>
  );
}

function RangeLabel() {
  return (
    <>
      <Icon name="clock" />
      <span class="range-label num">{describeRange(range.value)}</span>
      {range.value.kind === 'last' && <span class="range-short num">{range.value.text}</span>}
      <Icon name="down" />
    </>
  );
}

/** `Last hour`, `14:03:21 – 14:05:00`. */
export function describeRange(of: Range): string {
  const { range: text } = words();
  if (of.kind === 'last') return text.last[of.text] ?? text.lastOther(of.text);
  const now = Date.now();
  const clock = (us: number) =>
    format()
      .clock(us / 1000, now)
      .replace(/[.,]\d+$/, '');
  return `${clock(of.startUs)} – ${clock(of.endUs)}`;
}

function CustomRange({ onChoose }: { readonly onChoose: (range: Range) => void }) {
  const { range: text } = words();
  const bounds = rangeBounds(range.value, Date.now());
  const [from, setFrom] = useState(toField(bounds.startUs));
  const [to, setTo] = useState(toField(bounds.endUs));
  const startUs = fromField(from);
  const endUs = fromField(to);
  const isValid = startUs < endUs;
  return (
    <form
      class="range-custom"
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) onChoose({ kind: 'between', startUs, endUs });
      }}
    >
      <label>
        <span>{text.from}</span>
        <input
          class="control"
          type="datetime-local"
          step="1"
          value={from}
          onInput={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label>
        <span>{text.to}</span>
        <input
          class="control"
          type="datetime-local"
          step="1"
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      {!isValid && <p class="error">{text.invalid}</p>}
      <button type="submit" class="control primary" disabled={!isValid}>
        {text.apply}
      </button>
    </form>
  );
}

/** `2026-11-22T20:05:09` in the person's zone, as the field wants it. */
function toField(us: number): string {
  const at = new Date(us / 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60e3).toISOString().slice(0, 19);
}

function fromField(text: string): number {
  return new Date(text).getTime() * 1000;
}
