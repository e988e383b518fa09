/** The filter of the transactions page as it stands in the URL. */
import { firstDay, isDate, lastDay, monthOf, type Period } from '@/lib/period';

export type Filters = {
  from?: string;
  to?: string;
  category?: string;
  type?: 'expense' | 'income';
  q?: string;
  review?: true;
  min?: string;
  max?: string;
  currency?: string;
  /** The currency that figures are shown in, when it is not the person's own. */
  in?: string;
  /** The transaction whose panel is open. */
  open?: string;
};

const decimal = /^\d+(\.\d+)?$/;
const code = /^[A-Z]{3}$/;

function text(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}

export function parseFilters(search: Record<string, unknown>): Filters {
  const filters: Filters = {
    from: isDate(search.from) ? search.from : undefined,
    to: isDate(search.to) ? search.to : undefined,
    category: text(search.category, /^[\w-]{1,64}$/),
    type: search.type === 'expense' || search.type === 'income' ? search.type : undefined,
    q: text(search.q, /\S/),
    review: search.review === 'true' || search.review === true ? true : undefined,
    min: text(search.min, decimal),
    max: text(search.max, decimal),
    currency: text(search.currency, code),
    in: text(search.in, code),
    open: text(search.open, /^[\w-]{1,64}$/),
  };
  return withoutEmpty(filters);
}

function withoutEmpty(filters: Filters): Filters {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

/** How many filters narrow the list, the period aside. */
export function countFilters(filters: Filters): number {
  return [filters.category, filters.type, filters.q, filters.review, filters.min, filters.max, filters.currency].filter(
    (value) => value !== undefined,
  ).length;
}

/** The months that the dates stand for; dates inside a month are shown as that month. */
export function periodOf(filters: Filters): Period | null {
  if (!filters.from || !filters.to) return null;
  return { from: monthOf(filters.from), to: monthOf(filters.to) };
}

export function datesOf(period: Period | null): Pick<Filters, 'from' | 'to'> {
  return period ? { from: firstDay(period.from), to: lastDay(period.to) } : { from: undefined, to: undefined };
}
