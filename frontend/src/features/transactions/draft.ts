/** A transaction as it stands in a form: texts as typed, the sign as a choice. */
import type { NewTransaction, Transaction, TransactionPatch } from '@/api/types';
import { absolute, type AmountProblem, isNegative, negate, parseAmount } from '@/lib/money';

export type Draft = {
  date: string;
  description: string;
  amount: string;
  kind: 'expense' | 'income';
  currency: string;
  categoryId: string | null;
  note: string;
  tags: string[];
};

export function emptyDraft(today: string, currency: string): Draft {
  return { date: today, description: '', amount: '', kind: 'expense', currency, categoryId: null, note: '', tags: [] };
}

export function draftOf(transaction: Transaction): Draft {
  return {
    date: transaction.date,
    description: transaction.description,
    amount: absolute(transaction.amount),
    kind: isNegative(transaction.amount) ? 'expense' : 'income',
    currency: transaction.currency,
    categoryId: transaction.category_id ?? null,
    note: transaction.note ?? '',
    tags: transaction.tags,
  };
}

export type DraftProblems = { description?: 'empty'; amount?: AmountProblem; date?: 'empty' };

export type Checked = { ok: true; amount: string } | { ok: false; problems: DraftProblems };

export function checkDraft(draft: Draft, digits: number): Checked {
  const problems: DraftProblems = {};
  const parsed = parseAmount(draft.amount, digits);
  if (draft.description.trim() === '') problems.description = 'empty';
  if (draft.date === '') problems.date = 'empty';
  if (!parsed.ok) problems.amount = parsed.problem;
  if (!parsed.ok || Object.keys(problems).length > 0) return { ok: false, problems };
  return { ok: true, amount: draft.kind === 'expense' ? negate(parsed.amount) : parsed.amount };
}

export function toNew(draft: Draft, amount: string): NewTransaction {
  const body: NewTransaction = {
    date: draft.date,
    description: draft.description.trim(),
    amount,
    currency: draft.currency,
  };
  if (draft.categoryId) body.category_id = draft.categoryId;
  if (draft.note.trim()) body.note = draft.note.trim();
  if (draft.tags.length > 0) body.tags = draft.tags;
  return body;
}

/** Only what was changed: everything that is sent counts as a decision. */
export function toPatch(before: Transaction, draft: Draft, amount: string): TransactionPatch {
  const patch: TransactionPatch = {};
  if (draft.date !== before.date) patch.date = draft.date;
  if (draft.description.trim() !== before.description) patch.description = draft.description.trim();
  if (amount !== before.amount) patch.amount = amount;
  if (draft.currency !== before.currency) patch.currency = draft.currency;
  if (draft.categoryId && draft.categoryId !== before.category_id) patch.category_id = draft.categoryId;
  const note = draft.note.trim();
  if (note !== (before.note ?? '')) patch.note = note === '' ? null : note;
  if (draft.tags.join('\n') !== before.tags.join('\n')) patch.tags = draft.tags;
  return patch;
}
