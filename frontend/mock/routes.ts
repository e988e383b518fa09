/** Answers requests for one browser after another; sessions are told apart by a cookie. */
import type { CategoryPatch, NewCategory, NewTransaction, Transaction, TransactionPatch } from '../src/api/types';
import { Book, seed } from './book';
import { insightRoutes, likenesses } from './insight-routes';
import { unusual } from './insights';
import { type Handler, ok, problem, type Reply, text, today } from './reply';
import { dashboard, list } from './reports';

export { problem };

const prefix = '/api/v1';

export class Mock {
  people = new Map<string, Book>();
  sessions = new Map<string, Book>();
  /** The session of callers without cookies, as in unit tests. */
  current: string | null = null;
  /** Answers of the next requests whose path ends so, before anything else. */
  failures = new Map<string, Reply>();

  async handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.slice(prefix.length);
    const token = this.tokenOf(request);
    const failure = this.failures.get(`${request.method} ${path}`);
    if (failure) return respond(failure, null);
    const body: Record<string, unknown> =
      request.method === 'GET' ? {} : await request.json().catch(() => ({}));

    const entered = this.enter(path, body, token);
    if (entered) return entered;
    const book = token ? this.sessions.get(token) : undefined;
    if (!book) return respond(problem(401, 'no_session'), null);
    if (path === '/auth/logout' || (path === '/me' && request.method === 'DELETE')) {
      if (token) this.sessions.delete(token);
      return respond({ status: 204 }, book, '');
    }

    if (path.startsWith('/sessions')) return respond(this.ownSessions(request.method, path, book, token ?? ''), book);

    const key = request.headers.get('Idempotency-Key');
    const earlier = key ? book.replies.get(key) : undefined;
    if (earlier) return respond({ ...earlier, entryId: earlier.entryId }, book);
    for (const [method, pattern, handler] of routes) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (!match) continue;
      const reply = handler({ book, params: match.slice(1), query: url.searchParams, body });
      if (key && reply.status < 400) {
        book.replies.set(key, {
          status: reply.status,
          body: reply.body,
          entryId: reply.entryId ?? '',
          version: book.version,
        });
      }
      return respond(reply, book);
    }
    return respond(problem(404, 'not_found'), book);
  }

  tokenOf(request: Request): string | null {
    return /finbrain_dev=([\w-]+)/.exec(request.headers.get('Cookie') ?? '')?.[1] ?? this.current;
  }

  bookOf(request: Request): Book | undefined {
    const token = this.tokenOf(request);
    return token ? this.sessions.get(token) : undefined;
  }

  open(book: Book): string {
    const token = crypto.randomUUID();
    this.sessions.set(token, book);
    this.current = token;
    return token;
  }

  private ownSessions(method: string, path: string, book: Book, token: string): Reply {
    const own = [...this.sessions].filter(([, one]) => one === book).map(([id]) => id);
    if (method === 'GET') {
      return ok({ data: own.map((id) => ({ ...book.session, id, current: id === token })) });
    }
    const id = path.split('/')[2];
    for (const one of own) if (id ? one === id : one !== token) this.sessions.delete(one);
    return { status: 204 };
  }

  private enter(path: string, body: Record<string, unknown>, token: string | null): Response | null {
    const email = text(body.email);
    const welcome = (book: Book, status: number) =>
      respond({ status, body: { user: book.me, session: book.session } }, book, this.open(book));
    if (path === '/auth/login') {
      const book = this.people.get(email);
      return book && book.password === body.password ? welcome(book, 200) : respond(problem(401, 'bad_credentials'), null);
    }
    if (path === '/auth/register') {
      if (this.people.has(email)) return respond(problem(409, 'email_taken'), null);
      if (text(body.password).length < 8 || body.password === 'password') return respond(problem(422, 'password_weak'), null);
      const book = new Book(
        {
          email,
          name: text(body.name),
          base_currency: text(body.base_currency) || 'ILS',
          locale: text(body.locale) || 'en',
          time_zone: text(body.time_zone) || 'UTC',
        },
        text(body.password),
      );
      this.people.set(email, book);
      return welcome(book, 201);
    }
    if (path === '/auth/demo') {
      const expires = new Date(Date.now() + 7_200_000).toISOString();
      const locale = text(body.locale) || 'en';
      const book = new Book({ demo: true, demo_expires_at: expires, name: 'Demo', locale, time_zone: text(body.time_zone) || 'UTC' }, '');
      seed(book, today());
      return welcome(book, 201);
    }
    const book = token ? this.sessions.get(token) : undefined;
    if (path === '/auth/demo/keep' && book) {
      Object.assign(book.me, { demo: false, demo_expires_at: null, email });
      book.password = text(body.password);
      this.people.set(email, book);
      return welcome(book, 200);
    }
    return null;
  }
}

function respond(reply: Reply, book: Book | null, token?: string): Response {
  const headers = new Headers({ 'Cache-Control': 'no-store' });
  if (book) headers.set('Ledger-Version', String(book.version));
  if (reply.entryId) headers.set('Entry-Id', reply.entryId);
  if (token !== undefined) headers.set('Set-Cookie', `finbrain_dev=${token}; Path=/; HttpOnly; SameSite=Strict`);
  if (reply.body === undefined) return new Response(null, { status: reply.status, headers });
  headers.set('Content-Type', reply.status >= 400 ? 'application/problem+json' : 'application/json');
  return new Response(JSON.stringify(reply.body), { status: reply.status, headers });
}

const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

const routes: [string, RegExp, Handler][] = [
  ['GET', /^\/me$/, ({ book }) => ok(book.me)],
  [
    'PATCH',
    /^\/me$/,
    ({ book, body }) => {
      Object.assign(book.me, body);
      return ok(book.me);
    },
  ],
  ['POST', /^\/me\/password$/, ({ book, body }) => changePassword(book, body)],
  ['GET', /^\/session$/, ({ book }) => ok(book.session)],
  [
    'POST',
    /^\/session\/heartbeat$/,
    ({ book }) =>
      ok({
        idle_expires_at: later(90),
        inactive_expires_at: later(300),
        absolute_expires_at: later(43_200),
        ledger_version: book.version,
      }),
  ],
  ['GET', /^\/categories$/, ({ book }) => ok({ data: book.countedCategories() })],
  ['POST', /^\/categories$/, ({ book, body }) => addCategory(book, body as NewCategory)],
  [
    'PATCH',
    /^\/categories\/([\w-]+)$/,
    ({ book, params, body }) => {
      const category = book.categories.find((one) => one.id === params[0]);
      if (!category) return problem(404, 'not_found');
      Object.assign(category, body as CategoryPatch);
      return ok(category);
    },
  ],
  ['DELETE', /^\/categories\/([\w-]+)$/, ({ book, params, query }) => dropCategory(book, params[0], query)],
  ['GET', /^\/accounts$/, ({ book }) => ok({ data: [{ id: 'cash', name: 'Cash', currency: book.me.base_currency, balance: '0.00' }] })],
  ['GET', /^\/transactions$/, ({ book, query }) => ok(list(book, query))],
  [
    'POST',
    /^\/transactions$/,
    ({ book, body }) => {
      const news = body as NewTransaction;
      const { entryId, transactions } = book.record([news]);
      const suggestions = [book.classify(news.description, news.amount)];
      return { status: 201, entryId, body: { transaction: transactions[0], suggestions, anomalies: unusual(book, transactions[0]?.id ?? ''), budgets: [] } };
    },
  ],
  [
    'POST',
    /^\/transactions\/suggest$/,
    ({ book, body }) => ok(book.classify(text(body.description), text(body.amount) || undefined)),
  ],
  [
    'GET',
    /^\/transactions\/([\w-]+)$/,
    ({ book, params }) => {
      const found = book.transactions.find((one) => one.id === params[0]);
      return found ? ok(found) : problem(404, 'not_found');
    },
  ],
  ['PATCH', /^\/transactions\/([\w-]+)$/, ({ book, params, body }) => patch(book, params[0], body as TransactionPatch)],
  [
    'DELETE',
    /^\/transactions\/([\w-]+)$/,
    ({ book, params }) => ({ status: 204, entryId: book.write([[params[0] ?? '', null]]) }),
  ],
  [
    'POST',
    /^\/undo$/,
    ({ book, body }) => {
      const done = book.undo(text(body.entry_id) || undefined);
      return done ? { status: 200, body: done, entryId: done.entry_id } : problem(409, 'nothing_to_undo');
    },
  ],
  ['POST', /^\/redo$/, () => problem(409, 'nothing_to_undo')],
  ['GET', /^\/dashboard$/, ({ book, query }) => ok(dashboard(book, query, today()))],
  ['GET', /^\/currencies$/, () => ok({ data: currencies })],
  ...insightRoutes,
];

const currencies = [
  { code: 'EUR', name: 'Euro', digits: 2, rates: true },
  { code: 'ILS', name: 'Israeli Shekel', digits: 2, rates: true },
  { code: 'JPY', name: 'Yen', digits: 0, rates: true },
  { code: 'USD', name: 'US Dollar', digits: 2, rates: true },
];

function changePassword(book: Book, body: Record<string, unknown>): Reply {
  if (body.current_password !== book.password) return problem(401, 'bad_credentials');
  book.password = text(body.new_password);
  return { status: 204 };
}

function addCategory(book: Book, body: NewCategory): Reply {
  const id = body.id ?? crypto.randomUUID();
  const category = { id, name: body.name, kind: body.kind ?? 'expense', color: body.color ?? null, builtin: false, archived: false, count: 0 };
  book.categories.push(category);
  return { status: 201, body: category };
}

function dropCategory(book: Book, id: string | undefined, query: URLSearchParams): Reply {
  const target = query.get('move_to');
  const rows = book.transactions.filter((one) => one.category_id === id);
  if (rows.length > 0 && !target) return problem(409, 'category_in_use');
  book.categories = book.categories.filter((one) => one.id !== id);
  return { status: 204, entryId: book.write(rows.map((row) => [row.id, { ...row, category_id: target }])) };
}

function patch(book: Book, id: string | undefined, body: TransactionPatch): Reply {
  const found = book.transactions.find((one) => one.id === id);
  if (!found) return problem(404, 'not_found');
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  const after: Transaction = { ...found, ...given };
  if (body.category_id) {
    book.learned.set(found.description.toLowerCase(), body.category_id);
    after.review = false;
  }
  const entryId = book.write([[found.id, after]]);
  return { status: 200, entryId, body: { transaction: after, learned: Boolean(body.category_id), similar: body.category_id ? likenesses(book, after.id).length : 0 } };
}
