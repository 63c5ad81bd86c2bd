import { useEffect, useRef, useState } from 'preact/hooks';
import type { Suggestions } from '../../src/show/api/types.ts';
import { Icon } from '../parts/icons.tsx';
import { useAnswer } from '../shell/api.ts';
import { rangeBounds } from '../shell/range.ts';
import { hrefInRange, navigate, page, params, range, traceHref } from '../shell/router.ts';
import { words } from '../words/words.ts';
import { addChips, type Chip, chipsOf, findTraceId, paramsOf, parseText, tokens } from './query.ts';

type Suggestion = Suggestions['items'][number];

/**
 * One bar for everything: words, `key=value`, `>500ms`, a trace id in any form. The address's conditions stand in it as
 * chips; completion comes from what is stored.
 */
export function SearchBar() {
  const { search } = words();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const chips = page.value === 'search' ? chipsOf(params.value) : [];
  const last = tokens(text).at(-1) ?? '';
  const asked = useDelayed(isOpen && last.length > 0 && !/\s$/.test(text) ? last : undefined, 80);
  const answer = useAnswer<Suggestions>(asked === undefined ? undefined : suggestPath(asked));
  const items = isOpen && asked !== undefined && last !== '' ? (answer.value.data?.items ?? []) : [];

  const go = (next: readonly Chip[]) => {
    setText('');
    setOpen(false);
    navigate(hrefInRange('/search', paramsOf(next)));
  };
  const submit = () => {
    const id = findTraceId(text);
    if (id !== undefined) {
      setText('');
      setOpen(false);
      return navigate(traceHref(id));
    }
    go(addChips(chips, parseText(text)));
    // What was asked is asked: the keys are the list's again.
    input.current?.blur();
    return undefined;
  };
  const choose = (item: Suggestion) => {
    const before = text.slice(0, text.length - last.length);
    setChosen(-1);
    // A key still needs its value; anything else is a whole condition.
    if (item.kind === 'key') {
      setText(before + item.insert);
      input.current?.focus();
    } else go(addChips(chips, parseText(before + asCondition(item))));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (items.length === 0) return;
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setChosen(((chosen + step + items.length + 2) % (items.length + 1)) - 1);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const item = items[chosen];
      if (item) choose(item);
      else submit();
    } else if (event.key === 'Tab' && items.length > 0 && !event.shiftKey) {
      const item = items[Math.max(0, chosen)];
      if (item === undefined) return;
      event.preventDefault();
      choose(item);
    } else if (event.key === 'Escape') {
      if (isOpen && items.length > 0) setOpen(false);
      else input.current?.blur();
    } else if (event.key === 'Backspace' && text === '') {
      const lastChip = chips.at(-1);
      if (lastChip === undefined) return;
      event.preventDefault();
      // The condition becomes text again, to be mended.
      go(chips.slice(0, -1));
      setText(lastChip.text);
    }
  };

  return (
    <form
      class="search-bar"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div class="search-field" onPointerDown={() => requestAnimationFrame(() => input.current?.focus())}>
        <Icon name="search" />
        <div class="search-flow">
          {chips.map((chip, i) => (
            <ChipView key={`${i} ${chip.text}`} chip={chip} onRemove={() => go(chips.filter((c) => c !== chip))} />
          ))}
          <input
            ref={input}
            data-search-input
            type="text"
            role="combobox"
            aria-expanded={items.length > 0}
            aria-controls="search-suggestions"
            aria-activedescendant={chosen >= 0 ? `suggestion-${chosen}` : undefined}
            aria-label={search.submit}
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            placeholder={chips.length === 0 ? search.placeholder : ''}
            value={text}
            onInput={(event) => {
              setText(event.currentTarget.value);
              setOpen(true);
              setChosen(-1);
            }}
            onPaste={(event) => {
              const id = findTraceId(event.clipboardData?.getData('text/plain') ?? '');
              // What was copied is a trace: no Enter needed. A short prefix may still be a word.
              if (id === undefined || id.length < 16 || text !== '') return;
              event.preventDefault();
              navigate(traceHref(id));
            }}
            onKeyDown={onKeyDown}
            onBlur={() => setOpen(false)}
          />
        </div>
        {chips.length === 0 && text === '' && <kbd class="search-hint">/</kbd>}
      </div>
      {items.length > 0 && <SuggestionList items={items} chosen={chosen} onChoose={choose} />}
    </form>
  );
}

function ChipView({ chip, onRemove }: { readonly chip: Chip; readonly onRemove: () => void }) {
  return (
    <span class={chip.param === 'errors' ? 'chip error' : 'chip'} title={chip.text}>
      <span class="clip">{chip.text}</span>
      <button
        type="button"
        aria-label={words().search.remove(chip.text)}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </span>
  );
}

function SuggestionList(props: {
  readonly items: readonly Suggestion[];
  readonly chosen: number;
  readonly onChoose: (item: Suggestion) => void;
}) {
  const { search } = words();
  return (
    <ul class="suggestions" id="search-suggestions" role="listbox" aria-label={search.suggestions}>
      {props.items.map((item, i) => (
        <li
          key={`${item.kind} ${item.insert}`}
          id={`suggestion-${i}`}
          role="option"
          aria-selected={i === props.chosen}
          class="menu-item"
          // Before the field loses the focus and closes the list.
          onPointerDown={(event) => {
            event.preventDefault();
            props.onChoose(item);
          }}
        >
          <span class="clip">{item.label}</span>
          <span class="quiet">{search.kinds[item.kind]}</span>
        </li>
      ))}
    </ul>
  );
}

function suggestPath(text: string): string {
  // By the minute, so that one typed word is one question and not one for every tick of the clock.
  const { startUs, endUs } = rangeBounds(range.value, Math.ceil(Date.now() / 60e3) * 60e3);
  return `/api/suggest?${new URLSearchParams({ q: text, start: String(startUs), end: String(endUs) })}`;
}

/** What a suggestion says as a condition: a bare service or operation gets its key and, with blanks, its quotes. */
function asCondition(item: Suggestion): string {
  if ((item.kind === 'service' || item.kind === 'operation') && !item.insert.startsWith(`${item.kind}=`)) {
    return `${item.kind}="${item.insert.replaceAll('"', '')}"`;
  }
  return item.insert;
}

/** `value` once it has stood for `ms`; undefined at once. */
function useDelayed(value: string | undefined, ms: number): string | undefined {
  const [delayed, setDelayed] = useState(value);
  useEffect(() => {
    if (value === undefined) return setDelayed(undefined);
    const timer = setTimeout(() => setDelayed(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return delayed;
}
