//! `/currencies` and `/rates`.

use actix_web::{HttpResponse, web::Data};
use finbrain_actors::{Ports, rates::RatesHandle};
use finbrain_domain::{
    calendar::{day_number, parse_date},
    money::Currency,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{caller::CurrentUser, query::Query, transaction_form::parse_list};
use crate::problem::{Code, Invalid, Problem};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Currency)]
pub struct CurrencyView {
    code: &'static str,
    name: String,
    /// Decimal digits of an amount.
    digits: u8,
    /// Whether it can be converted, on some day.
    rates: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CurrencyList {
    data: Vec<CurrencyView>,
}

/// Every currency of ISO 4217 that is money.
#[utoipa::path(get, path = "/api/v1/currencies", tag = "rates", operation_id = "get_currencies", responses((status = 200, body = CurrencyList)))]
pub async fn currencies(_: CurrentUser, rates: Data<RatesHandle>) -> HttpResponse {
    let book = rates.current();
    let view = |currency: Currency| CurrencyView {
        code: currency.code(),
        name: currency.name(),
        digits: currency.digits(),
        rates: book.knows(currency),
    };
    HttpResponse::Ok().json(CurrencyList { data: Currency::all().into_iter().map(view).collect() })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RatesQuery {
    /// Today when it is left out.
    date: Option<String>,
    /// EUR when it is left out.
    base: Option<String>,
    /// Codes separated by commas; all when it is left out.
    symbols: Option<String>,
}

/// Rates of a day. A currency without a rate that is at most seven days old is left out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rates)]
pub struct RatesView {
    base: &'static str,
    date: String,
    /// The newest day on which one of these rates was published.
    #[schema(required)]
    as_of: Option<String>,
    #[schema(required)]
    source: Option<&'static str>,
    /// Decimal strings: units of the currency for one unit of the base.
    #[schema(value_type = std::collections::HashMap<String, String>)]
    rates: std::collections::BTreeMap<&'static str, String>,
}

/// The rates of a day.
#[utoipa::path(get, path = "/api/v1/rates", tag = "rates", operation_id = "get_rates", params(RatesQuery),
    responses((status = 200, body = RatesView), (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn get(
    _: CurrentUser,
    rates: Data<RatesHandle>,
    ports: Data<Ports>,
    Query(query): Query<RatesQuery>,
) -> Result<HttpResponse, Problem> {
    let mut invalid = Invalid::new();
    let date = query.date.map(|text| invalid.take("?date", parse_date(&text)));
    let base = query.base.map(|text| invalid.take("?base", Currency::parse(&text)));
    let mut symbols = parse_list(&mut invalid, "?symbols", query.symbols, Currency::parse);
    invalid.check()?;
    let today = jiff::tz::TimeZone::UTC.to_datetime(ports.clock.now()).date();
    let date = date.flatten().unwrap_or(today);
    if date > today {
        return Err(Problem::new(Code::InvalidQuery).saying("Ask for a day that has come."));
    }
    let base = base.flatten().unwrap_or(Currency::EUR);
    rates.ensure(date, date);
    let book = rates.current();
    if symbols.is_empty() {
        symbols = book.currencies();
    }
    let known: Vec<_> = symbols
        .into_iter()
        .filter(|symbol| *symbol != base)
        .filter_map(|symbol| Some((symbol, book.pair(base, symbol).rate(day_number(date))?)))
        .collect();
    let newest = known.iter().map(|(_, rate)| rate).max_by_key(|rate| rate.date);
    Ok(HttpResponse::Ok().json(RatesView {
        base: base.code(),
        date: date.to_string(),
        as_of: newest.map(|rate| rate.date.to_string()),
        source: newest.map(|rate| rate.source.as_str()),
        rates: known
            .iter()
            .map(|(symbol, rate)| (symbol.code(), rate.rate.normalize().to_string()))
            .collect(),
    }))
}
