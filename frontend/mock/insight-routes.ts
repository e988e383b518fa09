import type { Pattern } from '../src/api/types';
import type { Book } from './book';
import { anomalies, classifier, forecast, health, recurring } from './insights';
import { type Handler, ok, problem, text, today } from './reply';

export const insightRoutes: [string, RegExp, Handler][] = [
  ['GET', /^\/transactions\/([\w-]+)\/similar$/, ({ book, params }) => similar(book, params[0])],
  [
    'POST',
    /^\/transactions\/([\w-]+)\/similar$/,
    ({ book, params, body }) => {
      const found = book.transactions.find((one) => one.id === params[0]);
      if (!found || !Array.isArray(body.ids)) return problem(404, 'not_found');
      const ids = new Set(body.ids.map(String));
      const rows = book.transactions.filter((one) => ids.has(one.id));
      const entry_id = book.write(rows.map((row) => [row.id, { ...row, category_id: found.category_id, review: false }]));
      return { status: 200, entryId: entry_id, body: { changed: rows.length, entry_id } };
    },
  ],
  ['GET', /^\/analytics\/anomalies$/, ({ book }) => ok(anomalies(book, today()))],
  [
    'POST',
    /^\/analytics\/anomalies\/silence$/,
    ({ book, body }) => {
      const pattern = { kind: text(body.kind) as Pattern['kind'], merchant: text(body.merchant) };
      const others = book.silenced.filter((one) => one.kind !== pattern.kind || one.merchant !== pattern.merchant);
      const entry_id = book.write([], body.silent === true ? [...others, pattern] : others);
      return { status: 200, entryId: entry_id, body: { entry_id } };
    },
  ],
  ['GET', /^\/analytics\/recurring$/, ({ book }) => ok(recurring(book, today()))],
  ['GET', /^\/analytics\/forecast$/, ({ book, query }) => ok(forecast(book, query, today()))],
  ['GET', /^\/analytics\/health$/, ({ book }) => ok(health(book))],
  ['GET', /^\/classifier$/, ({ book }) => ok(classifier(book))],
  ['POST', /^\/classifier\/retrain$/, () => ({ status: 202 })],
  [
    'POST',
    /^\/classifier\/roll-back$/,
    ({ book, body }) => {
      book.serving = Number(body.number);
      return ok(classifier(book));
    },
  ],
  [
    'GET',
    /^\/classifier\/corrections$/,
    ({ book }) => ok({ data: [...book.learned].sort().map(([merchant, category_id]) => ({ merchant, category_id })) }),
  ],
  [
    'DELETE',
    /^\/classifier\/corrections$/,
    ({ book, query }) => {
      book.learned.delete(query.get('merchant') ?? '');
      return { status: 204 };
    },
  ],
];

function similar(book: Book, id: string | undefined) {
  const found = book.transactions.find((one) => one.id === id);
  if (!found) return problem(404, 'not_found');
  return ok({ data: likenesses(book, found.id), category_id: found.category_id, merchant: found.description });
}

/** Past rows of the same merchant that stand elsewhere. */
export function likenesses(book: Book, id: string) {
  const found = book.transactions.find((one) => one.id === id);
  return book.transactions.filter(
    (one) =>
      found && one.id !== id && one.description === found.description && one.category_id !== found.category_id,
  );
}
