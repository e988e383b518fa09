import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { client, unwrap, unwrapWithHeaders } from '@/api/client';
import { invalidateBook } from '@/api/history/queries';
import { type Keyed, keyHeader } from '@/api/idempotency';
import type { NewTransaction, Transaction, TransactionList, TransactionPatch } from '@/api/types';
import type { Filters } from './filters';

const pageSize = 100;

type Pages = InfiniteData<TransactionList, string | null>;

export function transactionsQuery({ open: _open, in: shown, ...filter }: Filters, baseCurrency: string) {
  const display_currency = shown ?? baseCurrency;
  return infiniteQueryOptions({
    queryKey: ['transactions', { ...filter, display_currency }],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET('/api/v1/transactions', {
          params: { query: { ...filter, display_currency, limit: pageSize, cursor: pageParam ?? undefined } },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last: TransactionList) => last.page.next ?? null,
  });
}

export function useTransactions(filters: Filters, baseCurrency: string) {
  return useInfiniteQuery({ ...transactionsQuery(filters, baseCurrency), placeholderData: keepPreviousData });
}

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
export function useSuggestion(description: string, amount: string | undefined, currency: string) {
  const asked = description.trim();
  return useQuery({
    queryKey: ['suggestion', asked, amount ?? null, currency],
    queryFn: ({ signal }) =>
      unwrap(
        client.POST('/api/v1/transactions/suggest', {
          body: amount ? { description: asked, amount, currency } : { description: asked },
          signal,
        }),
      ),
    enabled: asked.length >= 2,
    staleTime: 15_000,
    gcTime: 60_000,
    retry: false,
  });
}

export function useRecordTransaction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ body, ...key }: Keyed<{ body: NewTransaction }>) =>
      unwrapWithHeaders(client.POST('/api/v1/transactions', { body, headers: keyHeader(key) })),
    onSuccess: () => void afterWrite(queries),
  });
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
      }
      return before;
    },
    onError: (_error, _variables, before) => restore(queries, before),
    onSettled: () => void afterWrite(queries),
  });
}

export function useDeleteTransaction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...key }: Keyed<{ id: string }>) =>
      unwrapWithHeaders(
        client.DELETE('/api/v1/transactions/{id}', { params: { path: { id } }, headers: keyHeader(key) }),
      ),
    onMutate: async ({ id }) => {
      const before = await snapshot(queries);
      eachPage(queries, (rows) => rows.filter((row) => row.id !== id));
      return before;
    },
    onError: (_error, _variables, before) => restore(queries, before),
    onSettled: () => void afterWrite(queries),
  });
}

function afterWrite(queries: QueryClient) {
  queries.removeQueries({ queryKey: ['suggestion'] });
  return invalidateBook(queries);
}

type Snapshot = ReturnType<QueryClient['getQueriesData']>;

async function snapshot(queries: QueryClient): Promise<Snapshot> {
  await queries.cancelQueries({ queryKey: ['transactions'] });
  return queries.getQueriesData({ queryKey: ['transactions'] });
}

function restore(queries: QueryClient, before: Snapshot | undefined) {
  for (const [key, data] of before ?? []) queries.setQueryData(key, data);
}

function eachPage(queries: QueryClient, change: (rows: Transaction[]) => Transaction[]) {
  queries.setQueriesData<Pages>({ queryKey: ['transactions'] }, (pages) =>
    pages ? { ...pages, pages: pages.pages.map((page) => ({ ...page, data: change(page.data) })) } : pages,
  );
}
