import type { Dashboard, Transaction, TransactionList } from '../src/api/types';
import { addMonths, firstDay, lastDay, monthOf, monthsIn } from '../src/lib/period';
import { type Book, decimal } from './book';

type Sums = { in: number; out: number; count: number; unconverted: Map<string, { minor: number; count: number }> };

function sum(book: Book, rows: Transaction[], currency: string): Sums {
  const sums: Sums = { in: 0, out: 0, count: rows.length, unconverted: new Map() };
  for (const row of rows) {
    const minor = book.convert(row.amount, row.currency, currency);
    if (minor === null) {
      const before = sums.unconverted.get(row.currency) ?? { minor: 0, count: 0 };
      const own = Math.round(Number(row.amount) * 100);
      sums.unconverted.set(row.currency, { minor: before.minor + own, count: before.count + 1 });
    } else if (minor < 0) sums.out += minor;
    else sums.in += minor;
  }
  return sums;
}

function unconverted(sums: Sums) {
  return [...sums.unconverted].map(([currency, { minor, count }]) => ({ currency, amount: decimal(minor), count }));
}

export function list(book: Book, query: URLSearchParams): TransactionList {
  const get = (name: string) => query.get(name);
  const q = get('q')?.toLowerCase();
  const rows = book.transactions.filter((row) => {
    const size = Math.abs(Number(row.amount));
    return (
      (!get('from') || row.date >= (get('from') ?? '')) &&
      (!get('to') || row.date <= (get('to') ?? '')) &&
      (!get('category') || row.category_id === get('category')) &&
      (!get('currency') || row.currency === get('currency')) &&
      (!get('type') || (get('type') === 'expense') === row.amount.startsWith('-')) &&
      (!get('review') || row.review) &&
      (!get('min') || size >= Number(get('min'))) &&
      (!get('max') || size <= Number(get('max'))) &&
      (!q || row.description.toLowerCase().includes(q))
    );
  });
  const limit = Number(get('limit') ?? 50);
  const start = Number(get('cursor') ?? 0);
  const currency = get('display_currency') ?? book.me.base_currency;
  const sums = sum(book, rows, currency);
  return {
    data: rows.slice(start, start + limit).map((row) => book.shown(row, get('display_currency'))),
    page: { next: start + limit < rows.length ? String(start + limit) : null },
    totals: {
      count: rows.length,
      in: decimal(sums.in),
      out: decimal(sums.out),
      currency,
      unconverted: unconverted(sums),
    },
  };
}

export function dashboard(book: Book, query: URLSearchParams, today: string): Dashboard {
  const currency = query.get('currency') ?? book.me.base_currency;
  const from = query.get('from') ?? monthOf(today);
  const to = query.get('to') ?? monthOf(today);
  const length = monthsIn({ from, to });
  const within = (first: string, last: string) =>
    book.transactions.filter((row) => row.date >= firstDay(first) && row.date <= lastDay(last));
  const rows = within(from, to);
  const sums = sum(book, rows, currency);
  const before = sum(book, within(addMonths(from, -length), addMonths(from, -1)), currency);
  const totals = (one: Sums) => ({
    in: decimal(one.in),
    out: decimal(one.out),
    net: decimal(one.in + one.out),
    count: one.count,
  });
  const categories = book.categories
    .map((category) => {
      const own = rows.filter((row) => row.category_id === category.id && row.amount.startsWith('-'));
      return { id: category.id, out: sum(book, own, currency).out, count: own.length };
    })
    .filter((one) => one.count > 0)
    .sort((left, right) => left.out - right.out);
  const months = Array.from({ length: Math.max(13, length) }, (_, index, all = Math.max(13, length)) => {
    const month = addMonths(to, index - all + 1);
    const one = sum(book, within(month, month), currency);
    return { month, in: decimal(one.in), out: decimal(one.out), net: decimal(one.in + one.out) };
  });
  const foreign = rows.filter((row) => row.currency !== currency && book.convert('1', row.currency, currency) !== null);
  const rates = [...new Set(foreign.map((row) => row.currency))].map((code) => {
    const dates = foreign.filter((row) => row.currency === code).map((row) => row.date);
    return {
      currency: code,
      count: dates.length,
      first_date: dates.at(-1) ?? today, first_rate: '3.7',
      last_date: dates[0] ?? today, last_rate: '3.7',
      source: 'ecb',
    };
  });
  const all = sum(book, book.transactions, currency);
  return {
    currency,
    today,
    period: { from, to },
    totals: totals(sums),
    previous: totals(before),
    categories: categories.map((one) => ({
      category_id: one.id,
      amount: decimal(one.out),
      percent: sums.out === 0 ? 0 : Math.round((one.out / sums.out) * 1000) / 10,
      count: one.count,
    })),
    months,
    recent: book.transactions.slice(0, 8),
    review: { count: book.transactions.filter((row) => row.review).length },
    balance: { amount: decimal(all.in + all.out), currency },
    unconverted: unconverted(sums),
    rates,
  };
}
