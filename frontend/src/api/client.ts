/** The one door to the server. Adds what every request carries and turns every failure into a `ProblemError`. */
import createClient, { type Middleware } from 'openapi-fetch';
import { auth, reasonOf } from './auth';
import { ProblemError, problemFrom } from './problem';
import type { paths } from './schema';
import { ledgerVersion } from './version';

const headers: Middleware = {
  onRequest({ request }) {
    const version = ledgerVersion.get();
    if (version > 0 && request.method === 'GET') request.headers.set('Ledger-Min', String(version));
    return request;
  },
  async onResponse({ request, response }) {
    const version = Number(response.headers.get('Ledger-Version') ?? Number.NaN);
    if (response.ok && Number.isSafeInteger(version)) {
      if (request.method === 'GET') ledgerVersion.see(version);
      else ledgerVersion.wrote(version);
    }
    if (response.status === 401 && !new URL(request.url).pathname.includes('/auth/')) {
      const body: unknown = await response
        .clone()
        .json()
        .catch(() => null);
      const code = problemFrom(401, body).code;
      if (code === 'no_session' || code.startsWith('session_')) auth.expire(reasonOf(code));
    }
    return undefined;
  },
};

const origin = typeof window === 'undefined' ? 'http://localhost' : window.location.origin;

export const client = createClient<paths>({
  baseUrl: origin,
  fetch: (request) => globalThis.fetch(request),
});
client.use(headers);

type Answer<T> = { data?: T; error?: unknown; response: Response };

async function settle<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ProblemError(0, null);
  }
}

/** The body of a successful answer. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await unwrapWithHeaders(call)).data;
}

/** The body together with the journal entry that the write made. */
export async function unwrapWithHeaders<T>(call: Promise<Answer<T>>): Promise<{ data: T; entryId: string | null }> {
  const { data, error, response } = await settle(call);
  if (!response.ok) throw problemFrom(response.status, error);
  return { data: data as T, entryId: response.headers.get('Entry-Id') };
}
