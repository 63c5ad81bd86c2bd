/** What the supervisor and the shop's process say to each other. */
export type ToShop = { readonly kind: 'add-index' } | { readonly kind: 'stop' };

export type FromShop =
  | {
      readonly kind: 'state';
      readonly requests: number;
      readonly hasIndex: boolean;
      readonly shopUrl: string;
      /** Answers the `add-index` sent before. */
      readonly isAnswer: boolean;
    }
  | { readonly kind: 'problem'; readonly text: string };

/** Both ends are built together; the check is for what else may write to the channel. */
export function isFromShop(message: unknown): message is FromShop {
  return hasKind(message) && (message.kind === 'state' || message.kind === 'problem');
}

export function isToShop(message: unknown): message is ToShop {
  return hasKind(message) && (message.kind === 'add-index' || message.kind === 'stop');
}

function hasKind(message: unknown): message is { kind: unknown } {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
