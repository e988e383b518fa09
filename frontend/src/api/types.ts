/** The only module that names the generated schemas; everything else imports these. */
import type { components } from './schema';

export type {
  Anomalies,
  Anomaly,
  AnomalyKind,
  Cadence,
  CategoryForecast,
  Classifier,
  Correction,
  Forecast,
  Health,
  HealthPart,
  HealthPartName,
  Me,
  MePatch,
  ModelVersion,
  MonthRange,
  Pattern,
  Recorded,
  RecurringSeries,
  Series,
  Suggestion,
  SuggestionSource,
} from './shapes';

type Schemas = components['schemas'];

export type Session = Schemas['Session'];
export type SignedIn = Schemas['SignedIn'];
export type Register = Schemas['Register'];
export type Login = Schemas['Login'];
export type KeepDemo = Schemas['KeepDemo'];
export type Category = Schemas['Category'];
export type NewCategory = Schemas['NewCategory'];
export type CategoryPatch = Schemas['CategoryPatch'];
export type Transaction = Schemas['Transaction'];
export type NewTransaction = Schemas['NewTransaction'];
export type TransactionPatch = Schemas['TransactionPatch'];
export type TransactionList = Schemas['TransactionList'];
export type Dashboard = Schemas['Dashboard'];
export type Unconverted = Schemas['Unconverted'];
export type RateUse = Schemas['RateUse'];
export type Currency = Schemas['Currency'];
export type Problem = Schemas['Problem'];
export type Change = Schemas['Change'];
