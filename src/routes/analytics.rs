//! `/dashboard` and `/analytics/…`: figures over the whole book, from memory.

use actix_web::{HttpRequest, HttpResponse};
use finbrain_actors::user_session::{GetBreakdown, GetDashboard, GetMonthly};
use finbrain_domain::{
    calendar::Month,
    category::CategoryId,
    money::{Currency, format_minor},
    report::{Breakdown, CategoryShare, Dashboard, Monthly},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    caller::CurrentUser,
    money::{FlowView, RateUseView, UnconvertedView, percent, rates, unconverted},
    query::Query,
    report::Reports,
    transaction_form::parse_list,
    transaction_view::TransactionView,
};
use crate::problem::{Invalid, Problem};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DashboardQuery {
    /// First month, such as 2026-09; `to` when it is left out.
    from: Option<String>,
    /// Last month; this month when it is left out.
    to: Option<String>,
    /// The base currency when it is left out.
    currency: Option<String>,
}

impl DashboardQuery {
    fn parse(self) -> Result<GetDashboard, Problem> {
        let mut invalid = Invalid::new();
        let from = self.from.and_then(|text| invalid.take("?from", Month::parse(&text)));
        let to = self.to.and_then(|text| invalid.take("?to", Month::parse(&text)));
        let currency = self.currency.and_then(|text| invalid.take("?currency", Currency::parse(&text)));
        invalid.check()?;
        Ok(GetDashboard { from, to, currency })
    }
}

/// All that the first screen needs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Dashboard)]
pub struct DashboardView {
    currency: &'static str,
    /// The person's today.
    today: String,
    period: PeriodView,
    totals: FlowView,
    /// The same for the period of the same length before.
    previous: FlowView,
    /// Expense categories with rows, the biggest spending first.
    categories: Vec<CategoryShareView>,
    /// At least twelve months up to the period's last.
    months: Vec<MonthFlowView>,
    /// The newest rows.
    recent: Vec<TransactionView>,
    review: ReviewView,
    balance: BalanceView,
    unconverted: Vec<UnconvertedView>,
    rates: Vec<RateUseView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub struct PeriodView {
    from: String,
    to: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryShare)]
pub struct CategoryShareView {
    category_id: String,
    /// Decimal string; negative is money spent.
    amount: String,
    /// Of all that was spent, with one decimal.
    percent: f64,
    count: u32,
}

impl CategoryShareView {
    fn new(share: &CategoryShare, currency: Currency) -> Self {
        Self {
            category_id: share.category.to_string(),
            amount: format_minor(share.amount, currency),
            percent: percent(share.percent),
            count: share.count,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthFlow)]
pub struct MonthFlowView {
    month: String,
    r#in: String,
    out: String,
    net: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub struct ReviewView {
    /// Rows whose category is not sure.
    count: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceView {
    amount: String,
    currency: &'static str,
}

fn dashboard_view((dashboard, today): &(Dashboard, Date)) -> DashboardView {
    let Dashboard { period, totals, previous, breakdown, months, recent, review, balance } = dashboard;
    let currency = breakdown.currency;
    DashboardView {
        currency: currency.code(),
        today: today.to_string(),
        period: PeriodView { from: period.from.to_string(), to: period.to.to_string() },
        totals: FlowView::new(*totals, currency),
        previous: FlowView::new(*previous, currency),
        categories: breakdown
            .categories
            .iter()
            .map(|share| CategoryShareView::new(share, currency))
            .collect(),
        months: months
            .iter()
            .map(|(month, flow)| MonthFlowView {
                month: month.to_string(),
                r#in: format_minor(flow.income, currency),
                out: format_minor(flow.expenses, currency),
                net: format_minor(flow.net(), currency),
            })
            .collect(),
        recent: recent.iter().map(TransactionView::plain).collect(),
        review: ReviewView { count: *review },
        balance: BalanceView {
            amount: format_minor(balance.amount, balance.currency),
            currency: balance.currency.code(),
        },
        unconverted: unconverted(&breakdown.unconverted),
        rates: rates(&breakdown.rates),
    }
}

/// Everything on the first screen, in one request.
#[utoipa::path(get, path = "/api/v1/dashboard", tag = "analytics", operation_id = "get_dashboard", params(DashboardQuery),
    responses((status = 200, body = DashboardView), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn dashboard(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<DashboardQuery>,
) -> Result<HttpResponse, Problem> {
    Reports::of(&request)?.answer(&request, &caller, query.parse()?, dashboard_view).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BreakdownQuery {
    /// Months separated by commas; this month when it is left out.
    months: Option<String>,
    currency: Option<String>,
}

impl BreakdownQuery {
    fn parse(self) -> Result<GetBreakdown, Problem> {
        let mut invalid = Invalid::new();
        let months = parse_list(&mut invalid, "?months", self.months, Month::parse);
        let currency = self.currency.and_then(|text| invalid.take("?currency", Currency::parse(&text)));
        invalid.check()?;
        Ok(GetBreakdown { months, currency })
    }
}

/// Spending by category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Breakdown)]
pub struct BreakdownView {
    data: Vec<CategoryShareView>,
    total: String,
    currency: &'static str,
    unconverted: Vec<UnconvertedView>,
    rates: Vec<RateUseView>,
}

fn breakdown_view(breakdown: &Breakdown) -> BreakdownView {
    let currency = breakdown.currency;
    BreakdownView {
        data: breakdown.categories.iter().map(|share| CategoryShareView::new(share, currency)).collect(),
        total: format_minor(breakdown.total, currency),
        currency: currency.code(),
        unconverted: unconverted(&breakdown.unconverted),
        rates: rates(&breakdown.rates),
    }
}

/// Spending by category over the chosen months.
#[utoipa::path(get, path = "/api/v1/analytics/breakdown", tag = "analytics", operation_id = "get_analytics_breakdown", params(BreakdownQuery),
    responses((status = 200, body = BreakdownView), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn breakdown(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<BreakdownQuery>,
) -> Result<HttpResponse, Problem> {
    Reports::of(&request)?.answer(&request, &caller, query.parse()?, breakdown_view).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MonthlyQuery {
    /// Months separated by commas; the last twelve when it is left out.
    months: Option<String>,
    /// Categories separated by commas; all expense categories when it is left out.
    categories: Option<String>,
    currency: Option<String>,
}

impl MonthlyQuery {
    fn parse(self) -> Result<GetMonthly, Problem> {
        let mut invalid = Invalid::new();
        let months = parse_list(&mut invalid, "?months", self.months, Month::parse);
        let categories = parse_list(&mut invalid, "?categories", self.categories, CategoryId::parse);
        let currency = self.currency.and_then(|text| invalid.take("?currency", Currency::parse(&text)));
        invalid.check()?;
        Ok(GetMonthly { months, categories, currency })
    }
}

/// Spending month by month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Monthly)]
pub struct MonthlyView {
    data: Vec<MonthShareView>,
    total: String,
    currency: &'static str,
    unconverted: Vec<UnconvertedView>,
    rates: Vec<RateUseView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthShare)]
pub struct MonthShareView {
    month: String,
    /// Decimal string; negative is money spent.
    amount: String,
    /// Of all that was spent in the months, with one decimal.
    percent: f64,
}

fn monthly_view(monthly: &Monthly) -> MonthlyView {
    let currency = monthly.currency;
    let share = |month: &finbrain_domain::report::MonthShare| MonthShareView {
        month: month.month.to_string(),
        amount: format_minor(month.amount, currency),
        percent: percent(month.percent),
    };
    MonthlyView {
        data: monthly.months.iter().map(share).collect(),
        total: format_minor(monthly.total, currency),
        currency: currency.code(),
        unconverted: unconverted(&monthly.unconverted),
        rates: rates(&monthly.rates),
    }
}

/// Spending month by month, over all expense categories or the chosen ones.
#[utoipa::path(get, path = "/api/v1/analytics/monthly", tag = "analytics", operation_id = "get_analytics_monthly", params(MonthlyQuery),
    responses((status = 200, body = MonthlyView), (status = 304),
        (status = 422, body = crate::problem::ProblemDocument)))]
pub async fn monthly(
    request: HttpRequest,
    caller: CurrentUser,
    Query(query): Query<MonthlyQuery>,
) -> Result<HttpResponse, Problem> {
    Reports::of(&request)?.answer(&request, &caller, query.parse()?, monthly_view).await
}
