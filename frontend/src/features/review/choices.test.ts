import { expect, test } from 'vitest';
import type { Suggestion } from '@/api/types';
import { choicesOf } from './choices';

const known = new Set(['food', 'leisure', 'home', 'bus', 'other']);
const alternatives = ['food', 'leisure', 'home', 'bus'].map((category_id, place) => ({
  category_id,
  confidence: 0.3 - place * 0.05,
}));

test('when the classifier fell back, its alternatives come before "other"', () => {
  const unsure: Suggestion = { category_id: 'other', confidence: 0.3, source: 'unsure', why: [], alternatives };

  expect(choicesOf(unsure, known).map((one) => one.categoryId)).toEqual(['food', 'leisure', 'home', 'other']);
});

test('a sure suggestion comes first, none twice, and none that is not offered', () => {
  const sure: Suggestion = { category_id: 'home', confidence: 0.9, source: 'model', why: [], alternatives };

  expect(choicesOf(sure, new Set(['home', 'food'])).map((one) => one.categoryId)).toEqual(['home', 'food']);
});
