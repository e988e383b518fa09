/** Months and days as the texts `YYYY-MM` and `YYYY-MM-DD`, and how they are written for a reader. */

export type Period = { from: string; to: string };

export type Preset = 'this-month' | 'last-month' | 'last-3' | 'last-6' | 'last-12' | 'last-24' | 'this-year';

export const presets: readonly Preset[] = [
  'this-month',
  'last-month',
  'last-3',
  'last-6',
  'last-12',
  'last-24',
  'this-year',
];

const monthPattern = /^\d{4}-(0[1-9]|1[0-2])$/;
const datePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

export function isMonth(text: unknown): text is string {
  return typeof text === 'string' && monthPattern.test(text);
}

export function isDate(text: unknown): text is string {
  return typeof text === 'string' && datePattern.test(text);
}

export function monthOf(date: string): string {
  return date.slice(0, 7);
}

export function addMonths(month: string, count: number): string {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + count;
  const year = Math.floor(index / 12);
  return `${String(year).padStart(4, '0')}-${String(index - year * 12 + 1).padStart(2, '0')}`;
}

export function addDays(date: string, count: number): string {
  const moved = new Date(`${date}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + count);
  return moved.toISOString().slice(0, 10);
}

export function firstDay(month: string): string {
  return `${month}-01`;
}

export function lastDay(month: string): string {
  return addDays(firstDay(addMonths(month, 1)), -1);
}

export function monthsIn(period: Period): number {
  const index = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
  return index(period.to) - index(period.from) + 1;
}

export function presetPeriod(preset: Preset, today: string): Period {
  const month = monthOf(today);
  switch (preset) {
    case 'this-month':
      return { from: month, to: month };
    case 'last-month':
      return { from: addMonths(month, -1), to: addMonths(month, -1) };
    case 'this-year':
      return { from: `${month.slice(0, 4)}-01`, to: month };
    default:
      return { from: addMonths(month, 1 - Number(preset.slice(5))), to: month };
  }
}

export function presetOf(period: Period, today: string): Preset | null {
  return (
    presets.find((preset) => {
      const candidate = presetPeriod(preset, today);
      return candidate.from === period.from && candidate.to === period.to;
    }) ?? null
  );
}

/** Today in the person's own time zone, which decides what "this month" is. */
export function todayIn(timeZone: string, now: number = Date.now()): string {
  const options: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' };
  try {
    return new Intl.DateTimeFormat('en-CA', { ...options, timeZone }).format(now);
  } catch {
    return new Intl.DateTimeFormat('en-CA', { ...options, timeZone: 'UTC' }).format(now);
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

const utc = (date: string) => new Date(`${date}T00:00:00Z`);

export function formatDate(date: string, locale: string): string {
  return formatter(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(utc(date));
}

export function formatDay(date: string, locale: string): string {
  return formatter(locale, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(utc(date));
}

export function formatMonth(month: string, locale: string, width: 'short' | 'long' = 'long'): string {
  const options: Intl.DateTimeFormatOptions =
    width === 'long'
      ? { month: 'long', year: 'numeric', timeZone: 'UTC' }
      : { month: 'short', year: '2-digit', timeZone: 'UTC' };
  return formatter(locale, options).format(utc(firstDay(month)));
}

export function formatPeriod(period: Period, locale: string): string {
  if (period.from === period.to) return formatMonth(period.from, locale);
  return `${formatMonth(period.from, locale, 'short')} – ${formatMonth(period.to, locale, 'short')}`;
}

export function formatInstant(instant: string, locale: string, timeZone: string): string {
  return formatter(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(new Date(instant));
}

export function formatClock(at: number, locale: string, timeZone?: string): string {
  return formatter(locale, { hour: '2-digit', minute: '2-digit', timeZone }).format(at);
}
