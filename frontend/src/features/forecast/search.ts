/** What the forecast page shows, as it stands in the URL. */
export type ForecastSearch = { currency?: string; category?: string };

export function parseForecastSearch(search: Record<string, unknown>): ForecastSearch {
  const parsed: ForecastSearch = {};
  if (typeof search.currency === 'string' && /^[A-Z]{3}$/.test(search.currency)) parsed.currency = search.currency;
  if (typeof search.category === 'string' && /^[\w-]{1,64}$/.test(search.category)) parsed.category = search.category;
  return parsed;
}
