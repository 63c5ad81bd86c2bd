/** What went wrong, in the words of the span. */
import { attributeText } from '../model/attributes.ts';
import type { Scene } from './scene.ts';
import type { Language } from './verdict-types.ts';

const keys = ['error.type', 'exception.type', 'http.response.status_code', 'http.status_code', 'rpc.grpc.status_code'];
const unnamed: Record<Language, string> = { en: 'error', fr: 'erreur' };
const longest = 60;

/** An error's type, else the status message, else a status number, else just that it was one. */
export function errorNameOf(scene: Pick<Scene, 'detailOf'>, row: number, language: Language): string {
  const detail = scene.detailOf(row);
  const [type, exception, ...codes] = keys.map((key) => attributeText(detail?.attributes.get(key)));
  const names = [type === '_OTHER' ? '' : type, exception, detail?.statusMessage, ...codes];
  const name = names.find((text) => text !== undefined && text.trim() !== '') ?? unnamed[language];
  const line = name.replaceAll(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}
