import { BadInput } from '../base/errors.ts';

/** The refusal of a body that is, or becomes, larger than allowed. */
export function tooLarge(maxBytes: number): BadInput {
  return new BadInput(`body is larger than ${maxBytes} bytes`, { status: 413 });
}
