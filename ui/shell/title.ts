import { useEffect } from 'preact/hooks';

/** The window's title while the component stands: `text · Ariane`. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = text === '' ? 'Ariane' : `${text} · Ariane`;
  }, [text]);
}
