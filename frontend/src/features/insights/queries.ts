import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '@/api/client';
import { type Keyed, keyHeader } from '@/api/idempotency';
import type { Anomalies, Pattern } from '@/api/types';

const anomaliesQuery = queryOptions({
  queryKey: ['insights', 'anomalies'],
  queryFn: ({ signal }) => unwrap(client.GET('/api/v1/analytics/anomalies', { signal })),
});

const recurringQuery = (currency: string) =>
  queryOptions({
    queryKey: ['insights', 'recurring', currency],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/analytics/recurring', { params: { query: { currency } }, signal })),
  });

const healthQuery = (currency: string) =>
  queryOptions({
    queryKey: ['insights', 'health', currency],
    queryFn: ({ signal }) => unwrap(client.GET('/api/v1/analytics/health', { params: { query: { currency } }, signal })),
  });

export const useAnomalies = () => useQuery(anomaliesQuery);
export const useRecurring = (currency: string) => useQuery(recurringQuery(currency));
export const useHealth = (currency: string) => useQuery(healthQuery(currency));

/** Whether a pattern is told of. The list follows at once; the server's answer has the last word. */
export function useSilence() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ pattern, silent, ...key }: Keyed<{ pattern: Pattern; silent: boolean }>) =>
      unwrap(
        client.POST('/api/v1/analytics/anomalies/silence', {
          body: { kind: pattern.kind, merchant: pattern.merchant, silent },
          headers: keyHeader(key),
        }),
      ),
    onMutate: async ({ pattern, silent }) => {
      await queries.cancelQueries({ queryKey: anomaliesQuery.queryKey });
      const before = queries.getQueryData(anomaliesQuery.queryKey);
      queries.setQueryData(anomaliesQuery.queryKey, (list) => list && silencing(list, pattern, silent));
      return before;
    },
    onError: (_error, _variables, before) => queries.setQueryData(anomaliesQuery.queryKey, before),
    onSettled: () => queries.invalidateQueries({ queryKey: anomaliesQuery.queryKey }),
  });
}

export function samePattern(left: Pattern, right: Pattern): boolean {
  return left.kind === right.kind && left.merchant === right.merchant;
}

export function silencing(list: Anomalies, pattern: Pattern, silent: boolean): Anomalies {
  const silenced = list.silenced.filter((one) => !samePattern(one, pattern));
  return silent
    ? { data: list.data.filter((one) => !samePattern(one, pattern)), silenced: [...silenced, pattern] }
    : { ...list, silenced };
}
