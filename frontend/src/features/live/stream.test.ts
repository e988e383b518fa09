import { expect, test } from 'vitest';
import { parseChange } from './stream';

test('a change tells its version and the kinds it touches', () => {
  const text = JSON.stringify({
    version: 7,
    at: '2026-11-24T10:00:00Z',
    author: { kind: 'user', id: 'u' },
    changes: [
      { kind: 'transaction', id: 'a', from: null, to: {} },
      { kind: 'transaction', id: 'b', from: null, to: {} },
      { kind: 'category', id: 'c', from: null, to: {} },
    ],
  });

  expect(parseChange(text)).toEqual({ type: 'change', version: 7, kinds: ['transaction', 'category'], reload: false });
});

test('a gap asks for everything', () => {
  expect(parseChange('{"version":9,"reload":true}')).toEqual({ type: 'change', version: 9, kinds: [], reload: true });
});

test('noise is ignored', () => {
  expect(parseChange('hello')).toBeNull();
  expect(parseChange('{"version":"9"}')).toBeNull();
});
