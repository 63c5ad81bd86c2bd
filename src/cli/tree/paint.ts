/** Colours of a terminal (https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters), or none. */
export type Style = 'dim' | 'bold' | 'thread' | 'error';

export type Paint = (style: Style, text: string) => string;

const codes: Record<Style, string> = { dim: '2', bold: '1', thread: '1;33', error: '31' };

export const plain: Paint = (_, text) => text;

export const colours: Paint = (style, text) => (text === '' ? '' : `\u001b[${codes[style]}m${text}\u001b[0m`);

/** Colours for a person at a terminal who did not say NO_COLOR (https://no-color.org). */
export function paintFor(terminal: { isTty: boolean; env: Readonly<Record<string, string | undefined>> }): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = terminal.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return plain;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return colours;
  return terminal.isTty && TERM !== 'dumb' ? colours : plain;
}
