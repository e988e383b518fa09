/**
 * A book in memory that answers as the server does, for unit tests and for working on the pages without a server. It is
 * no second implementation: it knows only what the pages need to be seen.
 */
import type { Category, Change, Me, NewTransaction, Pattern, Session, Suggestion, Transaction } from '../src/api/types';

export type Slot = { version: number; at: string; changes: Change[] };

type Entry = { id: string; version: number; before: Map<string, Transaction | null>; silenced: Pattern[]; undone: boolean };

export const builtinCategories: [string, string, 'expense' | 'income'][] = [
  ['food-drinks', 'Food & Drinks', 'expense'],
  ['housing-bills', 'Housing & Bills', 'expense'],
  ['transportation', 'Transportation', 'expense'],
  ['education-growth', 'Education & Growth', 'expense'],
  ['health-essentials', 'Health & Essentials', 'expense'],
  ['leisure-gifts', 'Leisure & Gifts', 'expense'],
  ['other', 'Other', 'expense'],
  ['income', 'Income', 'income'],
];

const words: [RegExp, string][] = [
  [/coffee|aroma|lunch|market|super|pizza|קפה|סופר/i, 'food-drinks'],
  [/rent|electric|water|internet|שכר דירה|חשמל/i, 'housing-bills'],
  [/bus|train|fuel|taxi|אוטובוס|רכבת/i, 'transportation'],
  [/course|book|ספר/i, 'education-growth'],
  [/pharm|doctor|gym|בית מרקחת/i, 'health-essentials'],
  [/cinema|gift|concert|מתנה/i, 'leisure-gifts'],
];

/** Units of each currency for one shekel's worth, as decimal cents: enough for a picture. */
const shekels: Record<string, number> = { ILS: 100, USD: 340, EUR: 390 };

export class Book {
  version = 1;
  me: Me;
  session: Session;
  transactions: Transaction[] = [];
  categories: Category[];
  slots: Slot[] = [];
  entries: Entry[] = [];
  learned = new Map<string, string>();
  silenced: Pattern[] = [];
  serving = 2;
  replies = new Map<string, { status: number; body: unknown; entryId: string; version: number }>();
  listeners = new Set<(slot: Slot) => void>();
  password: string;

  constructor(me: Partial<Me>, password: string) {
    this.password = password;
    this.me = {
      id: crypto.randomUUID(),
      email: null,
      name: 'Dana',
      role: 'admin',
      demo: false,
      demo_expires_at: null,
      base_currency: 'ILS',
      locale: 'en',
      time_zone: 'UTC',
      week_start: 'sunday',
      share_corrections: false,
      created_at: new Date().toISOString(),
      ...me,
    };
    this.session = makeSession();
    this.categories = builtinCategories.map(([id, name, kind]) => ({
      id,
      name,
      kind,
      color: null,
      builtin: true,
      archived: false,
      count: 0,
    }));
  }

  classify(description: string, amount?: string): Suggestion {
    const known = this.learned.get(description.toLowerCase());
    if (known) return suggestion(known, 0.98, 'memory', [description]);
    if (amount && !amount.startsWith('-')) return suggestion('income', 0.95, 'sign', []);
    const found = words.find(([pattern]) => pattern.test(description));
    if (found) return suggestion(found[1], 0.91, 'model', [description.match(found[0])?.[0] ?? '']);
    return suggestion('other', 0.31, 'unsure', [description.split(' ')[0] ?? '']);
  }

  record(news: NewTransaction[]): { entryId: string; transactions: Transaction[] } {
    const made = news.map((one) => this.make(one));
    const entryId = this.write(made.map((after) => [after.id, after]));
    return { entryId, transactions: made };
  }

  make(news: NewTransaction): Transaction {
    const guess = this.classify(news.description, news.amount);
    return {
      id: news.id ?? crypto.randomUUID(),
      date: news.date,
      description: news.description,
      amount: news.amount,
      currency: news.currency,
      account_id: 'cash',
      category_id: news.category_id ?? guess.category_id,
      splits: [],
      tags: news.tags ?? [],
      note: news.note ?? null,
      payee: null,
      external_id: news.external_id ?? null,
      review: !news.category_id && guess.source === 'unsure',
      converted: null,
    };
  }

  /** Applies changes as one entry and tells everybody who listens. */
  write(changes: [string, Transaction | null][], silenced = this.silenced): string {
    const before = new Map<string, Transaction | null>();
    for (const [id, after] of changes) {
      before.set(id, this.transactions.find((one) => one.id === id) ?? null);
      this.transactions = this.transactions.filter((one) => one.id !== id);
      if (after) this.transactions.push(after);
    }
    this.transactions.sort((left, right) => right.date.localeCompare(left.date) || right.id.localeCompare(left.id));
    const entry = { id: crypto.randomUUID(), version: ++this.version, before, silenced: this.silenced, undone: false };
    this.silenced = silenced;
    this.entries.push(entry);
    this.publish(changes.map(([id, after]) => ({ kind: 'transaction', id, from: before.get(id) ?? null, to: after })));
    return entry.id;
  }

  undo(entryId?: string): { entry_id: string; version: number; changes: Change[] } | null {
    const entry = entryId
      ? this.entries.find((one) => one.id === entryId && !one.undone)
      : this.entries.findLast((one) => !one.undone);
    if (!entry) return null;
    const id = this.write([...entry.before], entry.silenced);
    entry.undone = true;
    const made = this.entries.at(-1);
    if (made) made.undone = true;
    return { entry_id: id, version: this.version, changes: this.slots.at(-1)?.changes ?? [] };
  }

  publish(changes: Change[]) {
    const slot = { version: this.version, at: new Date().toISOString(), changes };
    this.slots.push(slot);
    for (const listener of this.listeners) listener(slot);
  }

  countedCategories(): Category[] {
    return this.categories.map((category) => ({
      ...category,
      count: this.transactions.filter((one) => one.category_id === category.id).length,
    }));
  }

  /** In minor units of `to`, or `null` when there is no rate. */
  convert(amount: string, from: string, to: string): number | null {
    const minor = Math.round(Number(amount) * 100);
    if (from === to) return minor;
    const source = shekels[from];
    const target = shekels[to];
    return source && target ? Math.round((minor * source) / target) : null;
  }

  shown(transaction: Transaction, currency: string | null): Transaction {
    if (!currency || currency === transaction.currency) return transaction;
    const minor = this.convert(transaction.amount, transaction.currency, currency);
    if (minor === null) return transaction;
    const rate = ((shekels[transaction.currency] ?? 100) / (shekels[currency] ?? 100)).toFixed(4);
    const converted = { amount: decimal(minor), currency, rate, rate_date: transaction.date, source: 'ecb' };
    return { ...transaction, converted };
  }
}

export function decimal(minor: number): string {
  const size = Math.abs(minor);
  return `${minor < 0 ? '-' : ''}${Math.floor(size / 100)}.${String(size % 100).padStart(2, '0')}`;
}

function suggestion(id: string, confidence: number, source: Suggestion['source'], why: string[]): Suggestion {
  return { category_id: id, confidence, source, why, alternatives: alternatives.filter((one) => one.category_id !== id) };
}

const alternatives = [
  { category_id: 'leisure-gifts', confidence: 0.27 },
  { category_id: 'food-drinks', confidence: 0.21 },
  { category_id: 'other', confidence: 0.05 },
];

function makeSession(): Session {
  const now = Date.now();
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  return {
    id: crypto.randomUUID(),
    device: 'Chromium on Linux',
    address: '127.0.0.0/24',
    created_at: at(0),
    last_seen_at: at(0),
    idle_expires_at: at(90),
    inactive_expires_at: at(300),
    absolute_expires_at: at(43_200),
    current: true,
    heartbeat_seconds: 30,
    idle_seconds: 90,
    warning_seconds: 240,
    inactive_seconds: 300,
  };
}

const monthly: [string, number, number, string][] = [
  ['Rent', 4200, 1, 'ILS'],
  ['Electricity', 310, 12, 'ILS'],
  ['Internet', 99, 15, 'ILS'],
  ['Gym', 189, 3, 'ILS'],
  ['Online course', 29, 18, 'USD'],
];
const often: [string, number, number, string][] = [
  ['Super market', 240, 4, 'ILS'],
  ['Coffee at Aroma', 18, 3, 'ILS'],
  ['Bus', 8, 2, 'ILS'],
  ['Lunch', 56, 5, 'ILS'],
  ['Cinema', 45, 16, 'ILS'],
  ['Pharmacy', 72, 13, 'ILS'],
  ['Kiosk by the sea', 22, 9, 'ILS'],
];

/** Fourteen months that look like somebody's life, the same each time. */
export function seed(book: Book, today: string) {
  const news: NewTransaction[] = [];
  let random = 7;
  const next = () => (random = (random * 16807) % 2147483647) / 2147483647;
  const end = new Date(`${today}T00:00:00Z`);
  for (let back = 425; back >= 0; back -= 1) {
    const day = new Date(end.getTime() - back * 86_400_000);
    const date = day.toISOString().slice(0, 10);
    const add = ([description, amount, , currency]: [string, number, number, string], spread: number) => {
      const minor = Math.round(amount * 100 * (1 - spread / 2 + spread * next()));
      news.push({ date, description, amount: decimal(-minor), currency });
    };
    for (const one of monthly) if (one[2] === day.getUTCDate()) add(one, 0.06);
    for (const one of often) if (next() < 1 / one[2]) add(one, 0.6);
    if (day.getUTCDate() === 9) news.push({ date, description: 'Salary', amount: '11800.00', currency: 'ILS' });
  }
  book.record(news);
  book.entries.length = 0;
}
