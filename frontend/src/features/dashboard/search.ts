/** The period and the currency of the dashboard as they stand in the URL. */
import { isMonth, monthOf, type Period } from '@/lib/period';

export type DashboardSearch = { from?: string; to?: string; currency?: string };

export function parseDashboardSearch(search: Record<string, unknown>): DashboardSearch {
  const parsed: DashboardSearch = {};
  if (isMonth(search.from) && isMonth(search.to) && search.from <= search.to) {
    parsed.from = search.from;
    parsed.to = search.to;
  }
  if (typeof search.currency === 'string' && /^[A-Z]{3}$/.test(search.currency)) parsed.currency = search.currency;
  return parsed;
}

export function chosenPeriod(search: DashboardSearch, today: string): Period {
  const month = monthOf(today);
  return { from: search.from ?? month, to: search.to ?? month };
}
