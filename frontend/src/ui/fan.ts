/** The lines of a fan: what was, then low, likely and high, as positions on an axis. */
import type { MonthRange } from '@/api/types';
import { plotValue } from '@/lib/money';

export type FanLines = {
  months: string[];
  past: (number | null)[];
  likely: (number | null)[];
  low: (number | null)[];
  /** The height of the band above `low`: the drawing stacks one on the other. */
  spread: (number | null)[];
};

/** The fan opens at the last month that was, so that no gap stands between past and future. */
export function fanLines(history: readonly { month: string; amount: string }[], coming: readonly MonthRange[]): FanLines {
  const last = history.at(-1);
  const before: null[] = history.slice(0, -1).map(() => null);
  const hinge = last ? [plotValue(last.amount)] : [];
  const low = coming.map((one) => plotValue(one.p10));
  return {
    months: [...history, ...coming].map((one) => one.month),
    past: [...history.map((one) => plotValue(one.amount)), ...coming.map(() => null)],
    likely: [...before, ...hinge, ...coming.map((one) => plotValue(one.p50))],
    low: [...before, ...hinge, ...low],
    spread: [
      ...before,
      ...hinge.map(() => 0),
      ...coming.map((one, index) => Math.max(0, plotValue(one.p90) - (low[index] ?? 0))),
    ],
  };
}
