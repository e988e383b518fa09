//! `/analytics/anomalies`: what is unusual, each with its reason in words, and what a person has called fine.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use finbrain_actors::{
    registry::Registry,
    user_session::{Against, Anomalies, Anomaly, GetAnomalies, SilenceAnomaly},
};
use finbrain_domain::{
    anomaly::{AnomalyKind, Pattern},
    calendar::Month,
    money::format_minor,
    text::Name,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{answer::written, body::Body, caller::CurrentUser, query::Query, report::Reports};
use crate::problem::{Invalid, Problem};

/// Why something is unusual.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnomalyKind)]
pub enum KindBody {
    Amount,
    Duplicate,
    FirstTime,
    PriceRise,
    Missing,
}

impl From<KindBody> for AnomalyKind {
    fn from(kind: KindBody) -> Self {
        match kind {
            KindBody::Amount => Self::Amount,
            KindBody::Duplicate => Self::Duplicate,
            KindBody::FirstTime => Self::FirstTime,
            KindBody::PriceRise => Self::PriceRise,
            KindBody::Missing => Self::Missing,
        }
    }
}

impl From<AnomalyKind> for KindBody {
    fn from(kind: AnomalyKind) -> Self {
        match kind {
            AnomalyKind::Amount => Self::Amount,
            AnomalyKind::Duplicate => Self::Duplicate,
            AnomalyKind::FirstTime => Self::FirstTime,
            AnomalyKind::PriceRise => Self::PriceRise,
            AnomalyKind::Missing => Self::Missing,
        }
    }
}

/// Something unusual.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Anomaly)]
pub struct AnomalyView {
    kind: KindBody,
    /// The cleaned name.
    merchant: String,
    /// `null` when a payment is missing.
    #[schema(required)]
    transaction_id: Option<String>,
    /// `null` when it has splits.
    #[schema(required)]
    category_id: Option<String>,
    /// The day of the payment, or on which it was expected.
    date: String,
    /// Decimal string; negative is money out.
    amount: String,
    currency: &'static str,
    /// Decimal string with the sign of `amount`: what it usually is, or was.
    #[schema(required)]
    usual: Option<String>,
    /// How far it is from that, in robust standard deviations.
    #[schema(required)]
    deviations: Option<f64>,
    /// `merchant` or `category`: whose usual amount it is compared with.
    #[schema(required)]
    against: Option<&'static str>,
    /// How much dearer it became.
    #[schema(required)]
    percent: Option<f64>,
    /// The transaction that it repeats.
    #[schema(required)]
    twin_id: Option<String>,
    /// Days since the twin.
    #[schema(required)]
    days: Option<i32>,
    /// The reason as an English sentence.
    reason: String,
}

impl AnomalyView {
    pub fn new(anomaly: &Anomaly) -> Self {
        let text = |minor: i64| format_minor(i128::from(minor), anomaly.currency);
        Self {
            kind: anomaly.kind.into(),
            merchant: anomaly.merchant.to_string(),
            transaction_id: anomaly.transaction.map(|id| id.to_string()),
            category_id: anomaly.category.as_ref().map(ToString::to_string),
            date: anomaly.date.to_string(),
            amount: text(anomaly.amount),
            currency: anomaly.currency.code(),
            usual: anomaly.usual.map(text),
            deviations: anomaly.deviations.map(tenths),
            against: anomaly.against.map(Against::as_str),
            percent: anomaly.percent.map(tenths),
            twin_id: anomaly.twin.map(|id| id.to_string()),
            days: anomaly.days,
            reason: reason(anomaly),
        }
    }
}

/// With one decimal: more would claim what an estimate does not know.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn reason(anomaly: &Anomaly) -> String {
    let money = |minor: i64| {
        let size = format_minor(i128::from(minor).abs(), anomaly.currency);
        format!("{size} {}", anomaly.currency.code())
    };
    let (merchant, amount) = (&*anomaly.merchant, money(anomaly.amount));
    let usual = anomaly.usual.map(money).unwrap_or_default();
    match anomaly.kind {
        AnomalyKind::Amount => {
            let whose = match anomaly.against {
                Some(Against::Category) => "in this category",
                _ => "at this merchant",
            };
            let distance = tenths(anomaly.deviations.unwrap_or_default());
            format!(
                "{amount} at {merchant} is far from the usual {usual} {whose}: {distance} deviations from the median."
            )
        }
        AnomalyKind::Duplicate => {
            let when = match anomaly.days.unwrap_or_default() {
                0 => "the same day".to_owned(),
                1 => "a day before".to_owned(),
                days => format!("{days} days before"),
            };
            format!("{merchant} charged {amount} {when} as well: this may be the same payment twice.")
        }
        AnomalyKind::FirstTime => {
            format!("{amount} is your first payment to {merchant}, and your usual payment is {usual}.")
        }
        AnomalyKind::PriceRise => {
            let percent = tenths(anomaly.percent.unwrap_or_default());
            format!("{merchant} went up from {usual} to {amount}, by {percent} %.")
        }
        AnomalyKind::Missing => {
            format!("{merchant} usually charges {usual}: it was due on {} and has not come.", anomaly.date)
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnomaliesQuery {
    /// First month, such as 2026-09; two months before `to` when it is left out.
    from: Option<String>,
    /// Last month; this month when it is left out.
    to: Option<String>,
}

impl AnomaliesQuery {
    fn parse(self) -> Result<GetAnomalies, Problem> {
        let mut invalid = Invalid::new();
        let from = self.from.and_then(|text| invalid.take("?from", Month::parse(&text)));
        let to = self.to.and_then(|text| invalid.take("?to", Month::parse(&text)));
        invalid.check()?;
        Ok(GetAnomalies { from, to })
    }
}

/// What is unusual, the strongest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnomalyList {
    data: Vec<AnomalyView>,
    silenced: Vec<PatternView>,
}

/// What a person has called fine: one kind at one merchant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SilencedPattern)]
pub struct PatternView {
    kind: KindBody,
    merchant: String,
}

fn list_view(anomalies: &Anomalies) -> AnomalyList {
    let pattern =
        |pattern: &Pattern| PatternView { kind: pattern.kind.into(), merchant: pattern.merchant.to_string() };
    AnomalyList {
        data: anomalies.found.iter().map(AnomalyView::new).collect(),
        silenced: anomalies.silenced.iter().map(pattern).collect(),
    }
}

/// What was unusual in some months, each payment against what stood before it, the strongest 500 first.
#[utoipa::path(get, path = "/api/v1/analytics/anomalies", tag = "analytics", operation_id = "get_analytics_anomalies", params(AnomaliesQuery),
    responses((status = 200, body = AnomalyList), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn list(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<AnomaliesQuery>,
) -> Result<HttpResponse, Problem> {
    Reports::of(&request)?.answer(&request, &caller, query.parse()?, list_view).await
}

/// Whether a kind of finding at a merchant is fine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SilenceRequest)]
pub struct SilenceBody {
    kind: KindBody,
    /// As an anomaly names it.
    merchant: String,
    /// `false` listens to it again.
    silent: bool,
}

impl SilenceBody {
    fn parse(&self) -> Result<SilenceAnomaly, Problem> {
        let merchant = Name::parse(&self.merchant).map_err(|error| Problem::invalid("/merchant", error))?;
        Ok(SilenceAnomaly { pattern: Pattern { kind: self.kind.into(), merchant }, silent: self.silent })
    }
}

/// What was written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Silenced)]
pub struct SilencedView {
    /// The entry that undo takes back; `null` when it was so already.
    #[schema(required)]
    entry_id: Option<String>,
}

/// Says that a kind of finding at a merchant is fine, or no longer.
#[utoipa::path(post, path = "/api/v1/analytics/anomalies/silence", tag = "analytics", operation_id = "post_analytics_anomalies_silence", request_body = SilenceBody,
    responses((status = 200, body = SilencedView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn silence(
    caller: CurrentUser,
    registry: Data<Registry>,
    Body(body): Body<SilenceBody>,
) -> Result<HttpResponse, Problem> {
    let envelope = caller.envelope("POST /analytics/anomalies/silence", &body);
    let accepted = registry.command(caller.owner(), body.parse()?, envelope).await?;
    let view = SilencedView { entry_id: accepted.entry_id.map(|id| id.to_string()) };
    Ok(written(StatusCode::OK, &accepted).json(view))
}
