/** One transaction, its category and its likenesses: what the list, the review inbox and the dialogs have in common. */
import {
  type InfiniteData,
  queryOptions,
  type QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { client, unwrap, unwrapWithHeaders } from '../client';
import { invalidateBook } from '../history/queries';
import { type Keyed, keyHeader } from '../idempotency';
import type { Transaction, TransactionList, TransactionPatch } from '../types';

function transactionQuery(id: string) {
  return queryOptions({
    queryKey: ['transaction', id],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/transactions/{id}', { params: { path: { id } }, signal })),
  });
}

export function useTransaction(id: string) {
  return useQuery(transactionQuery(id));
}

/** The category the server would choose, for what is typed so far. Another text is another key, so late answers are dropped. */
export function suggestionQuery(description: string, amount: string | undefined, currency: string) {
  const asked = description.trim();
  return queryOptions({
    queryKey: ['suggestion', asked, amount ?? null, currency],
    queryFn: ({ signal }) =>
      unwrap(
        client.POST('/api/v1/transactions/suggest', {
          body: amount ? { description: asked, amount, currency } : { description: asked },
          signal,
        }),
      ),
    staleTime: 15_000,
    gcTime: 60_000,
    retry: false,
  });
}

export function useSuggestion(description: string, amount: string | undefined, currency: string) {
  return useQuery({ ...suggestionQuery(description, amount, currency), enabled: description.trim().length >= 2 });
}

export function usePatchTransaction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, body, ...key }: Keyed<{ id: string; body: TransactionPatch }>) =>
      unwrapWithHeaders(
        client.PATCH('/api/v1/transactions/{id}', { params: { path: { id } }, body, headers: keyHeader(key) }),
      ),
    onMutate: async ({ id, body }) => {
      const before = await snapshot(queries);
      const { category_id } = body;
      if (category_id) {
        eachPage(queries, (rows) =>
          rows.map((row) => (row.id === id ? { ...row, category_id, review: false } : row)),
        );
        queries.setQueryData<TransactionList>(reviewQuery.queryKey, (list) => list && withoutRow(list, id));
      }
      return before;
    },
    onError: (_error, _variables, before) => restore(queries, before),
    onSettled: () => void afterWrite(queries),
  });
}

/** How many rows the inbox loads at once. What is behind them comes when these are done. */
const reviewBatch = 50;

export const reviewQuery = queryOptions({
  queryKey: ['review', 'rows'],
  queryFn: ({ signal }) =>
    unwrap(client.GET('/api/v1/transactions', { params: { query: { review: true, limit: reviewBatch } }, signal })),
});

function withoutRow(list: TransactionList, id: string): TransactionList {
  const data = list.data.filter((row) => row.id !== id);
  const gone = list.data.length - data.length;
  return { ...list, data, totals: { ...list.totals, count: list.totals.count - gone } };
}

const reviewCountQuery = queryOptions({
  queryKey: ['review', 'count'],
  queryFn: async ({ signal }) => {
    const query = { review: true, limit: 1 };
    return (await unwrap(client.GET('/api/v1/transactions', { params: { query }, signal }))).totals.count;
  },
  staleTime: 60_000,
});

export function useReviewCount(enabled: boolean): number {
  return useQuery({ ...reviewCountQuery, enabled }).data ?? 0;
}

export function similarQuery(id: string) {
  return queryOptions({
    queryKey: ['similar', id],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/transactions/{id}/similar', { params: { path: { id } }, signal })),
    staleTime: 0,
  });
}

/** Gives other rows the category of this one, all in one entry. */
export function useApplySimilar() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ids, ...key }: Keyed<{ id: string; ids: string[] }>) =>
      unwrap(
        client.POST('/api/v1/transactions/{id}/similar', {
          params: { path: { id } },
          body: { ids },
          headers: keyHeader(key),
        }),
      ),
    onSuccess: () => void afterWrite(queries),
  });
}

export function afterWrite(queries: QueryClient) {
  queries.removeQueries({ queryKey: ['suggestion'], type: 'inactive' });
  return invalidateBook(queries);
}

type Pages = InfiniteData<TransactionList, string | null>;
type Snapshot = ReturnType<QueryClient['getQueriesData']>;

/** The lists as they are before an optimistic change. */
export async function snapshot(queries: QueryClient): Promise<Snapshot> {
  const lists = [['transactions'], ['review']];
  await Promise.all(lists.map((queryKey) => queries.cancelQueries({ queryKey })));
  return lists.flatMap((queryKey) => queries.getQueriesData({ queryKey }));
}

export function restore(queries: QueryClient, before: Snapshot | undefined) {
  for (const [key, data] of before ?? []) queries.setQueryData(key, data);
}

export function eachPage(queries: QueryClient, change: (rows: Transaction[]) => Transaction[]) {
  queries.setQueriesData<Pages>({ queryKey: ['transactions'] }, (pages) =>
    pages ? { ...pages, pages: pages.pages.map((page) => ({ ...page, data: change(page.data) })) } : pages,
  );
}
