/** Every figure leads to its rows: the searches of the transactions page that list them. */
import { firstDay, lastDay, type Period } from '@/lib/period';

export type RowSearch = {
  from?: string;
  to?: string;
  category?: string;
  type?: 'expense' | 'income';
  review?: true;
  currency?: string;
  in?: string;
  open?: string;
};

export function rowsOf(period: Period, shown: string, baseCurrency: string): RowSearch {
  const search: RowSearch = { from: firstDay(period.from), to: lastDay(period.to) };
  if (shown !== baseCurrency) search.in = shown;
  return search;
}
