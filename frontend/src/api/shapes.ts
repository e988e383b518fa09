/**
 * The shapes of insights, forecast, similar rows and the classifier's history, by hand until `schema.d.ts` has them. Only
 * `types.ts` and `client.ts` name this module: once the schema is generated anew, both take theirs from it and this goes.
 */
import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type AnomalyKind = 'amount' | 'duplicate' | 'first_time' | 'price_rise' | 'missing';

export type Anomaly = {
  kind: AnomalyKind;
  merchant: string;
  transaction_id: string | null;
  category_id: string | null;
  date: string;
  amount: string;
  currency: string;
  usual: string | null;
  /** Distance from the median in median absolute deviations. */
  deviations: number | null;
  against: 'merchant' | 'category' | null;
  percent: number | null;
  twin_id: string | null;
  days: number | null;
  /** An English sentence; the pages write their own. */
  reason: string;
};

export type Pattern = { kind: AnomalyKind; merchant: string };
export type Anomalies = { data: Anomaly[]; silenced: Pattern[] };

export type Cadence = 'weekly' | 'fortnightly' | 'monthly' | 'quarterly' | 'half_yearly' | 'yearly';

export type Series = {
  merchant: string;
  category_id: string | null;
  cadence: Cadence;
  amount: string;
  currency: string;
  last_date: string;
  next_date: string;
  count: number;
  missed: boolean;
  price_rise: { from: string; to: string; percent: number; since: string } | null;
};

export type RecurringSeries = { currency: string; data: Series[]; monthly: string };

export type MonthRange = { month: string; p10: string; p50: string; p90: string };
export type CategoryForecast = { category_id: string; method: string; error: number; months: MonthRange[] };

export type Forecast = {
  currency: string;
  flow: 'expenses';
  method: string | null;
  error: number | null;
  coverage: number | null;
  history: { month: string; amount: string }[];
  months: MonthRange[];
  categories: CategoryForecast[];
  missing: { needed: number; present: number } | null;
};

export type HealthPartName = 'savings_rate' | 'reserve' | 'fixed_costs' | 'volatility';

export type HealthPart = {
  name: HealthPartName;
  value: number | null;
  unit: 'percent' | 'months';
  target: number;
  weight: number;
  points: number | null;
};

export type Health = {
  score: number | null;
  currency: string;
  parts: HealthPart[];
  action: { part: HealthPartName; gain: number } | null;
  missing: string[];
};

export type ModelVersion = {
  number: number;
  version: string;
  trained_at: string | null;
  samples: number;
  accuracy: number;
  serving: boolean;
};

export type Classifier = Schemas['Classifier'] & {
  history: ModelVersion[];
  corrections: number;
  sharing: { state: 'household' | 'on' | 'off' };
};

export type Correction = { merchant: string; category_id: string };

export type Me = Schemas['Me'] & { share_corrections?: boolean };
export type MePatch = Schemas['MePatch'] & { share_corrections?: boolean };
export type Recorded = Omit<Schemas['Recorded'], 'anomalies'> & { anomalies: Anomaly[] };
export type SuggestionSource = Schemas['SuggestionSource'] | 'corrections';
export type Suggestion = Omit<Schemas['Suggestion'], 'source'> & { source: SuggestionSource };

type Answer<T> = { headers: { [name: string]: unknown }; content: { 'application/json': T } };
type Refused = { '4XX': Answer<Schemas['Problem']> };
type Parameters = { query?: object; path?: object; header?: { 'Idempotency-Key'?: string | null } };
type Reads<Given extends Parameters, T> = { parameters: Given; responses: { 200: Answer<T> } & Refused };
type Writes<Given extends Parameters, Body, T, Status extends number = 200> = {
  parameters: Given;
  requestBody: { content: { 'application/json': Body } };
  responses: { [status in Status]: Answer<T> } & Refused;
};
type Keyed = { header?: { 'Idempotency-Key'?: string | null } };
type OfOne = { path: { id: string } };

type Planned = {
  '/api/v1/me': Omit<paths['/api/v1/me'], 'get' | 'patch'> & {
    get: Reads<object, Me>;
    patch: Writes<object, MePatch, Me>;
  };
  '/api/v1/transactions': Omit<paths['/api/v1/transactions'], 'post'> & {
    post: Writes<Keyed, Schemas['NewTransaction'], Recorded, 201>;
  };
  '/api/v1/transactions/suggest': {
    post: Writes<object, { description: string; amount?: string; currency?: string }, Suggestion>;
  };
  '/api/v1/transactions/{id}': Omit<paths['/api/v1/transactions/{id}'], 'patch'> & {
    patch: Writes<
      OfOne & Keyed,
      Schemas['TransactionPatch'],
      { transaction: Schemas['Transaction']; learned: boolean; similar: number }
    >;
  };
  '/api/v1/transactions/{id}/similar': {
    get: Reads<OfOne, { data: Schemas['Transaction'][]; category_id: string; merchant: string }>;
    post: Writes<OfOne & Keyed, { ids: string[] }, { changed: number; entry_id: string | null }>;
  };
  '/api/v1/analytics/anomalies': { get: Reads<{ query?: { from?: string; to?: string } }, Anomalies> };
  '/api/v1/analytics/anomalies/silence': {
    post: Writes<Keyed, Pattern & { silent: boolean }, { entry_id: string | null }>;
  };
  '/api/v1/analytics/recurring': { get: Reads<{ query?: { currency?: string } }, RecurringSeries> };
  '/api/v1/analytics/forecast': { get: Reads<{ query?: { months?: number; currency?: string } }, Forecast> };
  '/api/v1/analytics/health': { get: Reads<{ query?: { currency?: string } }, Health> };
  '/api/v1/classifier': { get: Reads<object, Classifier> };
  '/api/v1/classifier/roll-back': { post: Writes<object, { number: number }, Classifier> };
  '/api/v1/classifier/corrections': {
    get: Reads<{ query?: { limit?: number } }, { data: Correction[] }>;
    delete: Reads<{ query: { merchant: string } }, undefined>;
  };
};

export type Paths = Omit<paths, keyof Planned> & Planned;
