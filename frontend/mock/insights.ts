/** What the book finds by itself, roughly: enough figures for every state of the pages to be seen. */
import type { Anomalies, Anomaly, Classifier, Forecast, Health, MonthRange, Pattern, RecurringSeries } from '../src/api/types';
import { addDays, addMonths, firstDay, lastDay, monthOf } from '../src/lib/period';
import { type Book, decimal } from './book';

const minor = (amount: string) => Math.round(Number(amount) * 100);

function median(values: number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const nothing = { usual: null, deviations: null, against: null, percent: null, twin_id: null, days: null };

/** What is unusual about a new payment, from what was known before. */
export function unusual(book: Book, id: string): Anomaly[] {
  const row = book.transactions.find((one) => one.id === id);
  if (!row || !row.amount.startsWith('-')) return [];
  const merchant = row.description;
  const past = book.transactions.filter((one) => one.id !== id && one.description === merchant);
  const about = {
    ...nothing,
    merchant,
    transaction_id: id,
    category_id: row.category_id ?? null,
    date: row.date,
    amount: row.amount,
    currency: row.currency,
    reason: '',
  };
  const found: Anomaly[] = [];
  const usual = median(past.map((one) => minor(one.amount)));
  const twin = past.find((one) => one.amount === row.amount && one.date >= addDays(row.date, -3));
  if (twin) found.push({ ...about, kind: 'duplicate', twin_id: twin.id, days: twin.date === row.date ? 0 : 2 });
  if (past.length >= 3 && minor(row.amount) < usual * 3) {
    found.push({ ...about, kind: 'amount', against: 'merchant', usual: decimal(usual), deviations: 7.4 });
  }
  if (past.length === 0 && minor(row.amount) < -100_000) found.push({ ...about, kind: 'first_time', usual: '-210.00' });
  return found.filter((one) => !isSilenced(book, one));
}

const isSilenced = (book: Book, one: Pattern) => book.silenced.some(({ kind, merchant }) => kind === one.kind && merchant === one.merchant);

export function anomalies(book: Book, today: string): Anomalies {
  const since = firstDay(addMonths(monthOf(today), -2));
  const data = book.transactions.filter((row) => row.date >= since).slice(0, 60).flatMap((row) => unusual(book, row.id));
  const currency = book.me.base_currency;
  const seeded = (kind: Anomaly['kind'], merchant: string, rest: Partial<Anomaly>): Anomaly => {
    const row = book.transactions.find((one) => one.description === merchant);
    return {
      ...nothing, kind, merchant, currency, transaction_id: row?.id ?? null, category_id: row?.category_id ?? null,
      date: row?.date ?? today, amount: row?.amount ?? '-99.00', reason: '', ...rest,
    };
  };
  if (book.me.demo) {
    data.push(
      seeded('amount', 'Lunch', { amount: '-412.00', against: 'category', usual: '-54.20', deviations: 8.1 }),
      seeded('duplicate', 'Coffee at Aroma', { days: 1, twin_id: book.transactions[3]?.id ?? null }),
      seeded('first_time', 'Kiosk by the sea', { amount: '-1840.00', usual: '-121.00' }),
      seeded('price_rise', 'Internet', { usual: '-89.90', amount: '-99.90', percent: 11.1 }),
      seeded('missing', 'Gym', { transaction_id: null, date: addDays(today, -8), amount: '-189.00', usual: '-189.00' }),
    );
  }
  return { data: data.filter((one) => !isSilenced(book, one)), silenced: book.silenced };
}

export function recurring(book: Book, today: string): RecurringSeries {
  const currency = book.me.base_currency;
  const series = (merchant: string, amount: string, days: number, rest: Partial<RecurringSeries['data'][number]> = {}) => ({
    merchant, amount, currency, category_id: 'housing-bills', cadence: 'monthly' as const, count: 13,
    last_date: addDays(today, days - 30), next_date: addDays(today, days), missed: false, price_rise: null, ...rest,
  });
  const data = book.me.demo
    ? [
        series('Rent', '-4200.00', 6),
        series('Internet', '-99.90', 21, {
          price_rise: { from: '-89.90', to: '-99.90', percent: 11.1, since: addDays(today, -70) },
        }),
        series('Gym', '-189.00', -8, { missed: true, category_id: 'health-essentials' }),
        series('House insurance', '-1310.00', 120, { cadence: 'yearly', count: 3 }),
      ]
    : [];
  return { currency, data, monthly: book.me.demo ? '-4598.07' : '0.00', unconverted: [] };
}

export function forecast(book: Book, query: URLSearchParams, today: string): Forecast {
  const currency = query.get('currency') ?? book.me.base_currency;
  const horizon = Number(query.get('months') ?? 12);
  const present = monthOf(today);
  const spent = (month: string, category?: string) =>
    book.transactions
      .filter((row) => row.date >= firstDay(month) && row.date <= lastDay(month) && row.amount.startsWith('-'))
      .filter((row) => category === undefined || row.category_id === category)
      .reduce((sum, row) => sum - (book.convert(row.amount, row.currency, currency) ?? 0), 0);
  const past = Array.from({ length: 12 }, (_, back) => addMonths(present, back - 12));
  const history = past.map((month) => ({ month, minor: spent(month) })).filter((one) => one.minor > 0);
  const base = { currency, flow: 'expenses' as const, history: history.map((one) => ({ month: one.month, amount: decimal(one.minor) })) };
  if (history.length < 3) {
    const missing = { needed: 3, present: history.length };
    return { ...base, method: null, error: null, coverage: null, months: [], categories: [], missing };
  }
  const fan = (values: number[]): MonthRange[] => {
    const middle = median(values);
    return Array.from({ length: horizon }, (_, ahead) => {
      const wide = 0.1 + 0.012 * ahead;
      const at = (factor: number) => decimal(Math.round((middle * factor) / 100) * 100);
      return { month: addMonths(present, ahead), p10: at(1 - wide), p50: at(1 + 0.03 * Math.sin(ahead)), p90: at(1 + wide * 1.3) };
    });
  };
  return {
    ...base,
    method: 'median_12',
    error: 0.143,
    coverage: 0.81,
    months: fan(history.map((one) => one.minor)),
    categories: book.categories
      .filter((category) => history.some((one) => spent(one.month, category.id) > 0))
      .map((category, index) => ({
        category_id: category.id,
        method: index % 2 ? 'winsorised_smoothing' : 'median_6',
        error: 0.12 + index * 0.05,
        months: fan(history.map((one) => spent(one.month, category.id))),
      })),
    missing: null,
  };
}

export function health(book: Book): Health {
  const currency = book.me.base_currency;
  if (!book.me.demo) return { score: null, currency, parts: [], action: null, missing: ['income', 'months'] };
  return {
    score: 64,
    currency,
    parts: [
      { name: 'savings_rate', value: 14, unit: 'percent', target: 20, weight: 0.3, points: 70 },
      { name: 'reserve', value: 3.4, unit: 'months', target: 6, weight: 0.3, points: 57 },
      { name: 'fixed_costs', value: 43, unit: 'percent', target: 50, weight: 0.2, points: 100 },
      { name: 'volatility', value: 38, unit: 'percent', target: 15, weight: 0.2, points: 30 },
    ],
    action: { part: 'reserve', gain: 13 },
    missing: [],
  };
}

export function classifier(book: Book): Classifier {
  const trained_at = book.me.created_at;
  const versions = [
    { number: 2, version: '9f31c2aa', trained_at, samples: 4812, accuracy: 0.934 },
    { number: 1, version: '77d0e1b4', trained_at, samples: 4760, accuracy: 0.931 },
    { number: 0, version: '1c5be902', trained_at: null, samples: 4702, accuracy: 0.928 },
  ];
  const history = versions.map((one) => ({ ...one, serving: one.number === book.serving }));
  const now = history.find((one) => one.serving) ?? history[0];
  return {
    version: now?.version ?? '',
    trained_at: now?.trained_at ?? null,
    samples: now?.samples ?? 0,
    accuracy: now?.accuracy ?? 0,
    status: 'serving',
    last_training: { at: trained_at, outcome: 'promoted', reason: null },
    history,
    corrections: book.learned.size,
    sharing: { state: book.me.demo ? 'household' : book.me.share_corrections ? 'on' : 'off' },
  };
}
