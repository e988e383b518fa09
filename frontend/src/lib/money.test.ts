import { describe, expect, test } from 'vitest';
import { asOut, changePermille, compare, formatMoney, isNegative, negate, parseAmount, plotShare, sum } from './money';

describe('amounts are written exactly', () => {
  test('beyond what a float can hold', () => {
    expect(formatMoney('9007199254740993.07', 'USD', 'en-US')).toBe('$9,007,199,254,740,993.07');
  });

  test('with the digits of the currency', () => {
    expect(formatMoney('-52.9', 'ILS', 'en-US')).toBe('-₪52.90');
    expect(formatMoney('1200', 'JPY', 'en-US')).toBe('¥1,200');
  });

  test('and a text that is no amount is shown as it came', () => {
    expect(formatMoney('12e3', 'USD', 'en-US')).toBe('12e3 USD');
  });
});

describe('signs', () => {
  test('zero has none', () => {
    expect(negate('0.00')).toBe('0.00');
    expect(isNegative('-0.00')).toBe(false);
  });

  test('money out is negative whichever sign it came with', () => {
    expect(asOut('12.00')).toBe('-12.00');
    expect(asOut('-12.00')).toBe('-12.00');
  });
});

describe('comparison', () => {
  test('is by value, not by text', () => {
    expect(compare('-10', '-9.99')).toBe(-1);
    expect(compare('1.10', '1.1')).toBe(0);
  });

  test('a change is in tenths of a percent, rounded', () => {
    expect(changePermille('-200.00', '-150.00')).toBe(-250);
    expect(changePermille('300', '301')).toBe(3);
    expect(changePermille('0.00', '5')).toBeNull();
  });

  test('a share of nothing is nothing', () => {
    expect(plotShare('-5', '0')).toBe(0);
    expect(plotShare('-25', '-100')).toBe(0.25);
  });
});

describe('what a person types', () => {
  test.each([
    ['52.90', '52.90'],
    ['52,9', '52.9'],
    ['1,234.50', '1234.50'],
    ['1,234', '1234'],
    ['₪ 80', '80'],
    ['.5', '0.5'],
    ['007', '7'],
    ['12.', '12'],
  ])('%s is read as %s', (text, amount) => {
    expect(parseAmount(text, 2)).toEqual({ ok: true, amount });
  });

  test.each([
    ['', 'empty'],
    ['twelve', 'malformed'],
    ['1.2.3', 'malformed'],
    ['12.345', 'digits'],
    ['0.00', 'zero'],
  ])('%s is refused as %s', (text, problem) => {
    expect(parseAmount(text, 2)).toEqual({ ok: false, problem });
  });

  test('a currency without digits takes none', () => {
    expect(parseAmount('12.5', 0)).toEqual({ ok: false, problem: 'digits' });
  });
});

test('a sum is exact and keeps its digits', () => {
  expect(sum(['0.10', '0.20', '-0.40'])).toBe('-0.10');
  expect(sum(['1200', '34'])).toBe('1234');
  expect(sum([])).toBe('0');
});
