import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { client, unwrap } from '@/api/client';
import type { Period } from '@/lib/period';

export function dashboardQuery(period: Period, currency: string) {
  return queryOptions({
    queryKey: ['dashboard', period.from, period.to, currency],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/dashboard', { params: { query: { ...period, currency } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function useDashboard(period: Period, currency: string) {
  return useQuery(dashboardQuery(period, currency));
}
