import type { ComponentChildren } from 'preact';
import { Icon, Mark } from '../parts/icons.tsx';
import { SearchBar } from '../search/search-bar.tsx';
import { language, languages, setLanguage, words } from '../words/words.ts';
import { isHelpOpen } from './keys-help.tsx';
import { RangePicker } from './range-picker.tsx';
import { hrefInRange, page } from './router.ts';
import { setTheme, type ThemeChoice, themeChoice } from './theme.ts';

/** The same on every page: where one is, what to find, in which time. */
export function TopBar() {
  const { app } = words();
  return (
    <header class="top-bar">
      <nav class="top-nav" aria-label="Ariane">
        <a class="brand" href={hrefInRange('/')} title={app.home}>
          <Mark />
          <span>Ariane</span>
        </a>
        <NavLink to="home" href={hrefInRange('/')}>
          {app.homeShort}
        </NavLink>
        <NavLink to="search" href={hrefInRange('/search')}>
          {app.search}
        </NavLink>
        <NavLink to="services" href={hrefInRange('/services')}>
          {app.services}
        </NavLink>
      </nav>
      <SearchBar />
      <div class="top-tools">
        <RangePicker />
        <LanguageSwitch />
        <ThemeSwitch />
        <button
          type="button"
          class="control bare only-wide"
          title={`${app.keys} (?)`}
          aria-label={app.keys}
          onClick={() => {
            isHelpOpen.value = true;
          }}
        >
          <Icon name="keyboard" />
        </button>
        <a
          class="control bare"
          href="/settings"
          title={app.settings}
          aria-label={app.settings}
          aria-current={page.value === 'settings' ? 'page' : undefined}
        >
          <Icon name="gear" />
        </a>
      </div>
    </header>
  );
}

function NavLink(props: { readonly to: string; readonly href: string; readonly children: ComponentChildren }) {
  return (
    <a class="nav-link" href={props.href} aria-current={page.value === props.to ? 'page' : undefined}>
      {props.children}
    </a>
  );
}

/** Two languages: one button that names the other one. */
function LanguageSwitch() {
  const other = languages.find(({ id }) => id !== language.value);
  if (other === undefined) return null;
  return (
    <button
      type="button"
      class="control bare language"
      lang={other.id}
      title={other.name}
      aria-label={other.name}
      onClick={() => setLanguage(other.id)}
    >
      {other.id.toUpperCase()}
    </button>
  );
}

const nextTheme: Readonly<Record<ThemeChoice, ThemeChoice>> = { system: 'light', light: 'dark', dark: 'system' };

function ThemeSwitch() {
  const { app } = words();
  const choice = themeChoice.value;
  const label = `${app.theme}: ${app.themes[choice]}`;
  return (
    <button
      type="button"
      class="control bare only-roomy"
      title={label}
      aria-label={label}
      onClick={() => setTheme(nextTheme[choice])}
    >
      <Icon name={choice === 'system' ? 'system' : choice === 'light' ? 'sun' : 'moon'} />
    </button>
  );
}
