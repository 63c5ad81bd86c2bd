/** What this browser keeps for the next visit. Where it keeps nothing (cookies blocked, storage full) the page works without. */

/** The text kept under `key`, null when there is none. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Chosen again next time.
  }
}
