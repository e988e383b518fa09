import { expect, test } from 'vitest';
import type { Anomaly } from '@/api/types';
import { deviationsOf, sentenceOf } from './anomaly';

const coffee: Anomaly = {
  kind: 'amount',
  merchant: 'aroma',
  transaction_id: 'row',
  category_id: 'food-drinks',
  date: '2026-11-24',
  amount: '-180.00',
  currency: 'ILS',
  usual: '-18.00',
  deviations: 7.6,
  against: 'merchant',
  percent: null,
  twin_id: null,
  days: null,
  reason: '',
};

test('an amount is measured against its merchant or its category', () => {
  expect(sentenceOf(coffee).key).toBe('anomaly.amount.merchant');
  expect(sentenceOf({ ...coffee, against: 'category' }).key).toBe('anomaly.amount.category');
});

test('a sentence never needs a figure that is not there', () => {
  expect(sentenceOf({ ...coffee, usual: null }).key).toBe('anomaly.amount.plain');
  expect(sentenceOf({ ...coffee, kind: 'first_time', usual: null }).key).toBe('anomaly.firstPlain');
  expect(sentenceOf({ ...coffee, kind: 'price_rise', percent: null }).key).toBe('anomaly.risePlain');
});

test('two charges of one day are not days apart', () => {
  expect(sentenceOf({ ...coffee, kind: 'duplicate', days: 0 })).toEqual({ key: 'anomaly.sameDay' });
  expect(sentenceOf({ ...coffee, kind: 'duplicate', days: 3 })).toEqual({ key: 'anomaly.duplicate', count: 3 });
});

test('only a distance that says something is said', () => {
  expect(deviationsOf(coffee)).toBe(8);
  expect(deviationsOf({ ...coffee, deviations: -4.2 })).toBe(4);
  expect(deviationsOf({ ...coffee, deviations: Number.POSITIVE_INFINITY })).toBeNull();
  expect(deviationsOf({ ...coffee, kind: 'first_time' })).toBeNull();
});
