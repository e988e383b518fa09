import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { client, unwrap } from '@/api/client';

export const horizon = 12;

const forecastQuery = (currency: string) =>
  queryOptions({
    queryKey: ['forecast', currency],
    queryFn: ({ signal }) =>
      unwrap(client.GET('/api/v1/analytics/forecast', { params: { query: { months: horizon, currency } }, signal })),
    placeholderData: keepPreviousData,
  });

export const useForecast = (currency: string) => useQuery(forecastQuery(currency));
