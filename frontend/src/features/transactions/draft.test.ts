import { expect, test } from 'vitest';
import type { Transaction } from '@/api/types';
import { checkDraft, draftOf, emptyDraft, toNew, toPatch } from './draft';

const coffee: Transaction = {
  id: 't1',
  date: '2026-11-24',
  description: 'Coffee',
  amount: '-18.90',
  currency: 'ILS',
  account_id: 'cash',
  category_id: 'food-drinks',
  splits: [],
  tags: [],
  note: null,
  payee: null,
  external_id: null,
  review: false,
  converted: null,
};

test('an expense is sent as money out, without what nobody chose', () => {
  const draft = { ...emptyDraft('2026-11-24', 'ILS'), description: ' Coffee ', amount: '18,90' };
  const checked = checkDraft(draft, 2);

  expect(checked).toEqual({ ok: true, amount: '-18.90' });
  expect(toNew(draft, '-18.90')).toEqual({ date: '2026-11-24', description: 'Coffee', amount: '-18.90', currency: 'ILS' });
});

test('an untouched form changes nothing', () => {
  expect(toPatch(coffee, draftOf(coffee), '-18.90')).toEqual({});
});

test('only what was changed is sent', () => {
  const draft = { ...draftOf(coffee), note: 'with Noa', categoryId: 'leisure-gifts' };

  expect(toPatch(coffee, draft, '-20.00')).toEqual({
    amount: '-20.00',
    note: 'with Noa',
    category_id: 'leisure-gifts',
  });
});

test('what is missing is named', () => {
  expect(checkDraft(emptyDraft('', 'ILS'), 2)).toEqual({
    ok: false,
    problems: { description: 'empty', amount: 'empty', date: 'empty' },
  });
});
