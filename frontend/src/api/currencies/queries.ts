import { queryOptions, useQuery } from '@tanstack/react-query';
import { client, unwrap } from '../client';
import type { Currency } from '../types';

export const currenciesQuery = queryOptions({
  queryKey: ['currencies'],
  queryFn: async ({ signal }) => (await unwrap(client.GET('/api/v1/currencies', { signal }))).data,
  staleTime: Number.POSITIVE_INFINITY,
});

const none: Currency[] = [];

export function useCurrencies(): Currency[] {
  return useQuery(currenciesQuery).data ?? none;
}

/** How many digits a currency has behind the point; two until the list is there. */
export function digitsOf(currencies: Currency[], code: string): number {
  return currencies.find((currency) => currency.code === code)?.digits ?? 2;
}
