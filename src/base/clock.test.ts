import { expect, it } from 'vitest';
import { manualClock } from './clock.ts';

it('runs due timers in order of their time, also those that a timer sets on the way', () => {
  const clock = manualClock(1000);
  const seen: string[] = [];
  clock.after(30, () => seen.push(`c${clock.nowMs()}`));
  clock.after(10, () => {
    seen.push(`a${clock.nowMs()}`);
    clock.after(5, () => seen.push(`b${clock.nowMs()}`));
  });
  const cancel = clock.after(20, () => seen.push('never'));
  cancel();
  clock.advance(25);
  expect(seen).toEqual(['a1010', 'b1015']);
  clock.advance(5);
  expect(seen).toEqual(['a1010', 'b1015', 'c1030']);
});
