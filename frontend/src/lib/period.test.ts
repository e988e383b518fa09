import { describe, expect, test } from 'vitest';
import { addDays, addMonths, formatPeriod, lastDay, monthsIn, presetOf, presetPeriod, todayIn } from './period';

describe('months', () => {
  test('cross the year in both directions', () => {
    expect(addMonths('2026-01', -1)).toBe('2025-12');
    expect(addMonths('2026-12', 1)).toBe('2027-01');
    expect(addMonths('2026-03', -27)).toBe('2023-12');
  });

  test('end where they end', () => {
    expect(lastDay('2028-02')).toBe('2028-02-29');
    expect(lastDay('2026-02')).toBe('2026-02-28');
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
  });
});

describe('presets', () => {
  test('reach back as far as they say', () => {
    expect(presetPeriod('last-12', '2026-11-24')).toEqual({ from: '2025-12', to: '2026-11' });
    expect(monthsIn(presetPeriod('last-24', '2026-11-24'))).toBe(24);
    expect(presetPeriod('this-year', '2026-11-24')).toEqual({ from: '2026-01', to: '2026-11' });
  });

  test('are recognised again', () => {
    expect(presetOf({ from: '2026-10', to: '2026-10' }, '2026-11-24')).toBe('last-month');
    expect(presetOf({ from: '2024-10', to: '2026-01' }, '2026-11-24')).toBeNull();
  });
});

test('today is the person’s own day', () => {
  const lateEvening = Date.parse('2026-11-24T23:30:00Z');

  expect(todayIn('UTC', lateEvening)).toBe('2026-11-24');
  expect(todayIn('Asia/Jerusalem', lateEvening)).toBe('2026-11-25');
  expect(todayIn('Nowhere/Land', lateEvening)).toBe('2026-11-24');
});

test('a period of one month is that month', () => {
  expect(formatPeriod({ from: '2026-11', to: '2026-11' }, 'en-US')).toBe('November 2026');
});
