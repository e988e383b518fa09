/** The only module that names the generated schemas; everything else imports these. */
import type { components } from './schema';

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

export type Me = Schemas['Me'];
export type MePatch = Schemas['MePatch'];
export type Recorded = Schemas['Recorded'];
export type Suggestion = Schemas['Suggestion'];
export type SuggestionSource = Schemas['SuggestionSource'];
export type Anomalies = Schemas['AnomalyList'];
export type Anomaly = Schemas['Anomaly'];
export type AnomalyKind = Schemas['AnomalyKind'];
export type Pattern = Schemas['SilencedPattern'];
export type RecurringSeries = Schemas['RecurringList'];
export type Series = Schemas['RecurringPayment'];
export type Cadence = Series['cadence'];
export type Forecast = Schemas['Forecast'];
export type MonthRange = Schemas['ForecastMonth'];
export type CategoryForecast = Schemas['CategoryForecast'];
export type Health = Schemas['Health'];
export type HealthPart = Schemas['HealthPart'];
export type HealthPartName = HealthPart['name'];
export type Classifier = Schemas['Classifier'];
export type ModelVersion = Schemas['KeptModel'];
export type Correction = Schemas['Correction'];
