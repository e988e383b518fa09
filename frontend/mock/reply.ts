/** What handlers of the mock are given, and what they answer. */
import type { Problem } from '../src/api/types';
import type { Book } from './book';

export type Ctx = { book: Book; params: string[]; query: URLSearchParams; body: Record<string, unknown> };
export type Reply = { status: number; body?: unknown; entryId?: string };
export type Handler = (ctx: Ctx) => Reply;

export function problem(status: number, code: string, errors: Problem['errors'] = []): Reply {
  return { status, body: { type: `/problems/${code}`, title: code, status, detail: code, code, errors, request_id: null } satisfies Problem };
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const today = () => new Date().toISOString().slice(0, 10);
export const text = (value: unknown) => (typeof value === 'string' ? value : '');
