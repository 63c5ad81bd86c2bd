import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { HomePage } from '../home/home-page.tsx';
import { SearchPage } from '../search/search-page.tsx';
import { words } from '../words/words.ts';
import { KeysHelp, useShellKeys } from './keys-help.tsx';
import { Progress } from './progress.tsx';
import { route } from './router.ts';
import { useTitle } from './title.ts';
import { TopBar } from './top-bar.tsx';

export function App() {
  useShellKeys();
  useEffect(() => {
    // What is opened next is most likely a trace: its code is there before the click.
    const timer = setTimeout(() => void loadTracePage().catch(() => undefined), 1500);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <a class="skip" href="#content">
        {words().app.skip}
      </a>
      <TopBar />
      <Progress />
      <main id="content" tabIndex={-1}>
        <Page />
      </main>
      <KeysHelp />
    </>
  );
}

function Page() {
  const at = route.value;
  switch (at.page) {
    case 'home':
      return <HomePage />;
    case 'search':
      return <SearchPage />;
    case 'trace':
      return <Lazy key="trace" load={loadTracePage} props={{ id: at.id }} />;
    case 'services':
      return <Lazy key="services" load={loadServicesPage} props={{}} />;
    case 'settings':
      return <Lazy key="settings" load={loadSettingsPage} props={{}} />;
    case 'unknown':
      return <NotFound />;
  }
}

const loadTracePage = () => import('../trace/trace-page.tsx').then((module) => module.TracePage);
const loadServicesPage = () => import('../services/services-page.tsx').then((module) => module.ServicesPage);
const loadSettingsPage = () => import('../settings/settings-page.tsx').then((module) => module.SettingsPage);

/** A page whose code comes when it is first opened. */
function Lazy<P extends object>({
  load,
  props,
}: {
  readonly load: () => Promise<ComponentType<P>>;
  readonly props: P;
}) {
  const [loaded, setLoaded] = useState<{ readonly Page: ComponentType<P> }>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    load().then(
      (Page) => setLoaded({ Page }),
      (error: unknown) => setProblem(String(error)),
    );
  }, []);
  if (problem !== undefined) return <p class="notice error">{problem}</p>;
  return loaded === undefined ? null : <loaded.Page {...props} />;
}

function NotFound() {
  const { app } = words();
  useTitle(app.notFound);
  return (
    <div class="page notice">
      <h2>{app.notFound}</h2>
      <a class="link" href="/">
        {app.notFoundNext}
      </a>
    </div>
  );
}
