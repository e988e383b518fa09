import { infiniteQueryOptions, keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap, unwrapWithHeaders } from '@/api/client';
import { type Keyed, keyHeader } from '@/api/idempotency';
import { afterWrite, eachPage, restore, snapshot } from '@/api/transactions/queries';
import type { NewTransaction, TransactionList } from '@/api/types';
import type { Filters } from './filters';

const pageSize = 100;

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

export function useRecordTransaction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ body, ...key }: Keyed<{ body: NewTransaction }>) =>
      unwrapWithHeaders(client.POST('/api/v1/transactions', { body, headers: keyHeader(key) })),
    onSuccess: () => void afterWrite(queries),
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
