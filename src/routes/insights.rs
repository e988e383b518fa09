//! `/analytics/recurring`, `/analytics/forecast`, `/analytics/health`: what comes again, what is to come, and how healthy
//! that is.

use actix_web::{HttpRequest, HttpResponse};
use finbrain_actors::user_session::{
    GetForecast, GetHealth, GetRecurring, MonthlyForecast, PriceRise, Range, RecurringItem, RecurringItems,
};
use finbrain_domain::{
    calendar::Month,
    money::{Currency, format_minor},
    report::{Health, Part},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::CurrentUser,
    insights_anomalies::tenths,
    money::{UnconvertedView, unconverted},
    names,
    query::Query,
    report::Reports,
};
use crate::problem::{Code, Invalid, Problem};

/// Months of a forecast when it is left out, and at most.
const DEFAULT_MONTHS: usize = 12;
const MOST_MONTHS: usize = 36;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CurrencyQuery {
    /// The base currency when it is left out.
    currency: Option<String>,
}

impl CurrencyQuery {
    fn parse(self) -> Result<Option<Currency>, Problem> {
        let mut invalid = Invalid::new();
        let currency = self.currency.and_then(|text| invalid.take("?currency", Currency::parse(&text)));
        invalid.check()?;
        Ok(currency)
    }
}

/// Payments that come again and again.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecurringList {
    currency: &'static str,
    /// The one due next first.
    data: Vec<RecurringView>,
    /// Decimal string, negative or zero: what all of them cost a month, at the newest rates.
    monthly: String,
    unconverted: Vec<UnconvertedView>,
}

/// A payment that comes again and again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecurringPayment)]
pub struct RecurringView {
    /// The cleaned name.
    merchant: String,
    #[schema(required)]
    category_id: Option<String>,
    #[schema(schema_with = names::cadence)]
    cadence: &'static str,
    /// Decimal string: what the next one will probably be; negative is money out.
    amount: String,
    currency: &'static str,
    last_date: String,
    next_date: String,
    count: usize,
    /// The next one is late.
    missed: bool,
    #[schema(required)]
    price_rise: Option<PriceRiseView>,
}

/// A recurring payment costs more since a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriceRise)]
pub struct PriceRiseView {
    from: String,
    to: String,
    percent: f64,
    since: String,
}

impl RecurringView {
    fn new(item: &RecurringItem) -> Self {
        let text = |minor: i64| format_minor(i128::from(minor), item.currency);
        let rise = |rise: PriceRise| PriceRiseView {
            from: text(rise.from),
            to: text(rise.to),
            percent: tenths((rise.to as f64 / rise.from as f64 - 1.0) * 100.0),
            since: rise.since.to_string(),
        };
        Self {
            merchant: item.merchant.to_string(),
            category_id: item.category.as_ref().map(ToString::to_string),
            cadence: item.cadence.as_str(),
            amount: text(item.amount),
            currency: item.currency.code(),
            last_date: item.last.to_string(),
            next_date: item.next.to_string(),
            count: item.count,
            missed: item.missed,
            price_rise: item.price_rise.map(rise),
        }
    }
}

fn recurring_view(items: &RecurringItems) -> RecurringList {
    RecurringList {
        currency: items.currency.code(),
        data: items.items.iter().map(RecurringView::new).collect(),
        monthly: format_minor(items.monthly, items.currency),
        unconverted: unconverted(&items.unconverted),
    }
}

/// What is paid again and again, when next, and what it all costs a month.
#[utoipa::path(get, path = "/api/v1/analytics/recurring", tag = "analytics", operation_id = "get_analytics_recurring", params(CurrencyQuery),
    responses((status = 200, body = RecurringList), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn recurring(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<CurrencyQuery>,
) -> Result<HttpResponse, Problem> {
    let query = GetRecurring { currency: query.parse()? };
    Reports::of(&request)?.answer(&request, &caller, query, recurring_view).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ForecastQuery {
    /// How many months ahead, this one first: 1 to 36, 12 when it is left out.
    months: Option<usize>,
    currency: Option<String>,
}

impl ForecastQuery {
    fn parse(self) -> Result<GetForecast, Problem> {
        let mut invalid = Invalid::new();
        let currency = self.currency.and_then(|text| invalid.take("?currency", Currency::parse(&text)));
        let months = self.months.unwrap_or(DEFAULT_MONTHS);
        if !(1..=MOST_MONTHS).contains(&months) {
            let problem = Problem::new(Code::PeriodTooLong);
            invalid.note("?months", problem.saying(format!("Ask for 1 to {MOST_MONTHS} months.")));
        }
        invalid.check()?;
        Ok(GetForecast { months, currency })
    }
}

/// What the coming months will cost. Amounts are spending, as positive decimal strings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
pub struct ForecastView {
    currency: &'static str,
    /// `expenses`.
    flow: &'static str,
    /// Which method was best on these very months; `null` with too little data.
    #[schema(required)]
    method: Option<&'static str>,
    /// Its weighted absolute percentage error one month ahead, as a part of one.
    #[schema(required)]
    error: Option<f64>,
    /// The part of the months that fell between P10 and P90 in that test.
    #[schema(required)]
    coverage: Option<f64>,
    /// The complete months.
    history: Vec<MonthAmountView>,
    /// This month and those that follow.
    months: Vec<RangeView>,
    categories: Vec<CategoryForecastView>,
    #[schema(required)]
    missing: Option<MissingMonthsView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthAmount)]
pub struct MonthAmountView {
    month: String,
    amount: String,
}

/// Less than `p10` in one case of ten, more than `p90` in one of ten, `p50` in the middle.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ForecastMonth)]
pub struct RangeView {
    month: String,
    p10: String,
    p50: String,
    p90: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryForecast)]
pub struct CategoryForecastView {
    category_id: String,
    method: &'static str,
    error: f64,
    months: Vec<RangeView>,
}

/// Complete months that a forecast needs, and that there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissingMonths)]
pub struct MissingMonthsView {
    needed: usize,
    present: usize,
}

fn ranges(first: Month, months: &[Range], currency: Currency) -> Vec<RangeView> {
    let text = |minor: i64| format_minor(i128::from(minor), currency);
    let range = |(month, range): (i32, &Range)| RangeView {
        month: first.plus(month).to_string(),
        p10: text(range.p10),
        p50: text(range.p50),
        p90: text(range.p90),
    };
    (0..).zip(months).map(range).collect()
}

/// With three decimals.
fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn forecast_view(forecast: &MonthlyForecast) -> ForecastView {
    let (currency, first) = (forecast.currency, forecast.first);
    let overall = forecast.overall.as_ref();
    let missing = MissingMonthsView { needed: forecast.needed, present: forecast.history.len() };
    ForecastView {
        currency: currency.code(),
        flow: "expenses",
        method: overall.map(|overall| overall.method.as_str()),
        error: overall.map(|overall| thousandths(overall.error)),
        coverage: overall.map(|overall| thousandths(overall.coverage)),
        history: forecast
            .history
            .iter()
            .map(|(month, amount)| MonthAmountView {
                month: month.to_string(),
                amount: format_minor(i128::from(*amount), currency),
            })
            .collect(),
        months: overall.map(|overall| ranges(first, &overall.months, currency)).unwrap_or_default(),
        categories: forecast
            .categories
            .iter()
            .map(|one| CategoryForecastView {
                category_id: one.category.to_string(),
                method: one.forecast.method.as_str(),
                error: thousandths(one.forecast.error),
                months: ranges(first, &one.forecast.months, currency),
            })
            .collect(),
        missing: overall.is_none().then_some(missing),
    }
}

/// What the coming months will cost, overall and by category, with a range.
#[utoipa::path(get, path = "/api/v1/analytics/forecast", tag = "analytics", operation_id = "get_analytics_forecast", params(ForecastQuery),
    responses((status = 200, body = ForecastView), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn forecast(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<ForecastQuery>,
) -> Result<HttpResponse, Problem> {
    Reports::of(&request)?.answer(&request, &caller, query.parse()?, forecast_view).await
}

/// How healthy the finances are: 0 to 100, made of parts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthView {
    /// `null` with too little data.
    #[schema(required)]
    score: Option<u32>,
    currency: &'static str,
    parts: Vec<PartView>,
    /// What would raise the score most.
    #[schema(required)]
    action: Option<ActionView>,
    /// Parts without data.
    missing: Vec<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthPart)]
pub struct PartView {
    #[schema(schema_with = names::health_part)]
    name: &'static str,
    #[schema(required)]
    value: Option<f64>,
    #[schema(schema_with = names::unit)]
    unit: &'static str,
    /// The value that gives all points.
    target: f64,
    /// Its part of the score. Those of the parts with a value add up to 1; one without has none.
    weight: f64,
    /// From 0 to 100.
    #[schema(required)]
    points: Option<f64>,
}

impl PartView {
    fn new(part: &Part) -> Self {
        // Tenths are small integers, so the divisions are exact to the digit shown.
        Self {
            name: part.name.as_str(),
            value: part.value.map(|value| value as f64 / 10.0),
            unit: part.name.unit(),
            target: part.target as f64 / 10.0,
            weight: f64::from(part.weight) / f64::from(part.whole.max(1)),
            points: part.points.map(|points| f64::from(points) / 10.0),
        }
    }
}

/// The part that would raise the score most if it reached its target, and by how many points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HealthAction)]
pub struct ActionView {
    #[schema(schema_with = names::health_part)]
    part: &'static str,
    gain: u32,
}

fn health_view((health, currency): &(Health, Currency)) -> HealthView {
    HealthView {
        score: health.score,
        currency: currency.code(),
        parts: health.parts.iter().map(PartView::new).collect(),
        action: health.action.map(|action| ActionView { part: action.part.as_str(), gain: action.gain }),
        missing: health.missing().map(finbrain_domain::report::PartName::as_str).collect(),
    }
}

/// A score from 0 to 100 with the parts that it is made of, over the last twelve complete months.
#[utoipa::path(get, path = "/api/v1/analytics/health", tag = "analytics", operation_id = "get_analytics_health", params(CurrencyQuery),
    responses((status = 200, body = HealthView), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn health(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<CurrencyQuery>,
) -> Result<HttpResponse, Problem> {
    let query = GetHealth { currency: query.parse()? };
    Reports::of(&request)?.answer(&request, &caller, query, health_view).await
}
