import { useState } from 'preact/hooks';
import { words } from '../words/words.ts';
import { Icon } from './icons.tsx';

/** Copies `text()` and says so for a moment. */
export function CopyButton({ text, label }: { readonly text: () => string; readonly label?: string }) {
  const [isCopied, setCopied] = useState(false);
  const { app } = words();
  const copy = async () => {
    await copyText(text());
    setCopied(true);
    setTimeout(() => setCopied(false), 1600);
  };
  return (
    <button type="button" class="control" onClick={() => void copy()} aria-live="polite">
      <Icon name={isCopied ? 'check' : 'copy'} />
      <span>{isCopied ? app.copied : (label ?? app.copy)}</span>
    </button>
  );
}

/** To the clipboard; also where the browser has no clipboard API (the page comes over plain HTTP) or does not allow it. */
export async function copyText(text: string): Promise<void> {
  try {
    return await navigator.clipboard.writeText(text);
  } catch {
    copyFromField(text);
  }
}

function copyFromField(text: string): void {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}
