import { expect, test } from 'vitest';
import { fanLines } from './fan';

const history = [
  { month: '2026-09', amount: '100.00' },
  { month: '2026-10', amount: '120.00' },
];
const coming = [
  { month: '2026-11', p10: '90.00', p50: '115.00', p90: '150.00' },
  { month: '2026-12', p10: '80.00', p50: '116.00', p90: '170.00' },
];

test('the fan opens at the last month that was', () => {
  const lines = fanLines(history, coming);

  expect(lines.months).toEqual(['2026-09', '2026-10', '2026-11', '2026-12']);
  expect(lines.past).toEqual([100, 120, null, null]);
  expect(lines.likely).toEqual([null, 120, 115, 116]);
  expect(lines.low).toEqual([null, 120, 90, 80]);
  expect(lines.spread).toEqual([null, 0, 60, 90]);
});

test('without a past the fan stands alone, and a range upside down has no height', () => {
  const lines = fanLines([], [{ month: '2026-11', p10: '90.00', p50: '90.00', p90: '80.00' }]);

  expect(lines.past).toEqual([null]);
  expect(lines.low).toEqual([90]);
  expect(lines.spread).toEqual([0]);
});
