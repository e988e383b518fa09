/**
 * Owns every reading and writing of money. Amounts are signed decimal strings from end to end; arithmetic is on BigInt
 * minor units, so that no figure ever passes through a float.
 */

type Decimal = `${number}`;

const pattern = /^-?\d+(\.\d+)?$/;

function isDecimal(text: string): text is Decimal {
  return pattern.test(text);
}

export function isNegative(amount: string): boolean {
  return amount.startsWith('-') && /[1-9]/.test(amount);
}

export function isZero(amount: string): boolean {
  return !/[1-9]/.test(amount);
}

export function negate(amount: string): string {
  if (isZero(amount)) return absolute(amount);
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

export function absolute(amount: string): string {
  return amount.replace(/^-/, '');
}

/** Money out is negative, whichever sign it was given with. */
export function asOut(amount: string): string {
  return negate(absolute(amount));
}

const scale = 9;

function toScaled(amount: string): bigint {
  const [whole = '0', fraction = ''] = absolute(amount).split('.');
  const value = BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale));
  return amount.startsWith('-') ? -value : value;
}

export function compare(left: string, right: string): number {
  const difference = toScaled(left) - toScaled(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The change from `before` to `after` in tenths of a percent, or `null` when there is nothing to compare with. */
export function changePermille(before: string, after: string): number | null {
  const base = toScaled(absolute(before));
  if (base === 0n) return null;
  const change = toScaled(absolute(after)) - base;
  const doubled = (change * 2000n) / base;
  return Number(doubled >= 0n ? (doubled + 1n) / 2n : (doubled - 1n) / 2n);
}

/** The exact sum, with as many digits as the longest amount has. */
export function sum(amounts: readonly string[]): string {
  const digits = Math.min(scale, Math.max(0, ...amounts.map((amount) => amount.split('.')[1]?.length ?? 0)));
  const total = amounts.reduce((before, amount) => before + toScaled(amount), 0n);
  const size = (total < 0n ? -total : total).toString().padStart(scale + 1, '0');
  const fraction = size.slice(-scale).slice(0, digits);
  return `${total < 0n ? '-' : ''}${size.slice(0, -scale)}${digits > 0 ? `.${fraction}` : ''}`;
}

/** The share of `part` in `whole` as 0..1, only for lengths and angles on the screen. */
export function plotShare(part: string, whole: string): number {
  const base = toScaled(absolute(whole));
  if (base === 0n) return 0;
  return Number((toScaled(absolute(part)) * 10_000n) / base) / 10_000;
}

/** A position on an axis. Never shown as a figure. */
export function plotValue(amount: string): number {
  return Number(amount);
}

const formats = new Map<string, Intl.NumberFormat>();

function format(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

export type MoneyStyle = 'full' | 'signed' | 'whole' | 'compact';

/** Writes an amount in its currency, exactly as many digits as it has, in the reader's locale. */
export function formatMoney(amount: string, currency: string, locale: string, style: MoneyStyle = 'full'): string {
  if (!isDecimal(amount)) return `${amount} ${currency}`;
  const options: Intl.NumberFormatOptions = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' };
  if (style === 'signed') options.signDisplay = 'exceptZero';
  if (style === 'whole') options.maximumFractionDigits = 0;
  if (style === 'compact') {
    options.notation = 'compact';
    options.maximumFractionDigits = 1;
  }
  try {
    return format(locale, options).format(amount);
  } catch {
    return `${amount} ${currency}`;
  }
}

export function formatPercent(percent: number, locale: string, digits = 0): string {
  return format(locale, { style: 'percent', maximumFractionDigits: digits }).format(percent / 100);
}

export function formatCount(count: number, locale: string): string {
  return format(locale, {}).format(count);
}

/** A figure that is not money, with at most `digits` behind the point. */
export function formatNumber(value: number, locale: string, digits: number): string {
  return format(locale, { maximumFractionDigits: digits }).format(value);
}

export type AmountProblem = 'empty' | 'malformed' | 'digits' | 'zero';

export type ParsedAmount = { ok: true; amount: string } | { ok: false; problem: AmountProblem };

/**
 * Reads what a person typed (`1,234.50`, `52,9`, `₪ 80`) as an unsigned decimal string. A single comma followed by at most
 * two digits is a decimal comma; other commas and spaces group thousands.
 */
export function parseAmount(text: string, digits: number): ParsedAmount {
  let cleaned = text.replace(/[\s\u00a0\u200e\u200f\u202f'’]/g, '').replace(/\p{Sc}/gu, '');
  if (cleaned === '') return { ok: false, problem: 'empty' };
  if (!cleaned.includes('.') && /^[+-]?\d+,\d{1,2}$/.test(cleaned)) cleaned = cleaned.replace(',', '.');
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(cleaned)) cleaned = cleaned.replaceAll(',', '');
  const match = /^[+-]?(\d*)(?:\.(\d*))?$/.exec(cleaned);
  if (!match || (match[1] === '' && (match[2] ?? '') === '')) return { ok: false, problem: 'malformed' };
  const whole = (match[1] ?? '').replace(/^0+(?=\d)/, '') || '0';
  const fraction = match[2] ?? '';
  if (fraction.length > digits) return { ok: false, problem: 'digits' };
  const amount = fraction === '' ? whole : `${whole}.${fraction}`;
  if (isZero(amount)) return { ok: false, problem: 'zero' };
  return { ok: true, amount };
}
