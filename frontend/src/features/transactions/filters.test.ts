import { expect, test } from 'vitest';
import { countFilters, datesOf, parseFilters, periodOf } from './filters';

test('what the address says is kept only where it makes sense', () => {
  const filters = parseFilters({ from: '2026-11-01', to: '2026-13-01', type: 'gift', review: 'true', min: '-5', q: ' ', in: 'USD' });

  expect(filters).toEqual({ from: '2026-11-01', review: true, in: 'USD' });
  expect(countFilters(filters)).toBe(1);
});

test('months become days and back', () => {
  const period = { from: '2026-01', to: '2026-02' };

  expect(datesOf(period)).toEqual({ from: '2026-01-01', to: '2026-02-28' });
  expect(periodOf(datesOf(period))).toEqual(period);
  expect(periodOf(datesOf(null))).toBeNull();
});
