import './style/tokens.css';
import './style/base.css';
import './parts/parts.css';
import './shell/shell.css';
import { render } from 'preact';
import { startColumns } from './search/columns.ts';
import { App } from './shell/app.tsx';
import { startColors } from './shell/colors.ts';
import { startKeys } from './shell/keys.ts';
import { startLive } from './shell/live.ts';
import { startRouter } from './shell/router.ts';
import { startTheme } from './shell/theme.ts';
import { startLanguage } from './words/words.ts';

startTheme();
startLanguage();
startRouter();
startKeys();
startColors();
startColumns();
startLive();

const root = document.getElementById('app');
if (root) render(<App />, root);
