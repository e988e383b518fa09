//! `/classifier`: what it knows and how good it is.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use finbrain_actors::{
    classifier::{ClassifierHandle, Kept, LabelledError, Sharing, evaluate_csv},
    registry::Registry,
    user_session::{ForgetCorrection, GetCorrections},
    worker::WorkerHandle,
};
use finbrain_domain::user::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{read, written},
    body::{Body, CsvBody},
    caller::CurrentUser,
    query::Query,
};
use crate::{
    auth::accounts::Auth,
    problem::{Code, Problem},
};

/// The model that serves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Classifier)]
pub struct ClassifierView {
    /// Short hash of the model's file.
    version: String,
    /// `null` for the model that ships with the program.
    #[schema(required)]
    trained_at: Option<String>,
    /// Examples that it was trained on.
    samples: u32,
    /// Share of held-out texts that it gets right, from 0 to 1.
    accuracy: f64,
    /// `serving` or `training`.
    status: &'static str,
    #[schema(required)]
    last_training: Option<TrainingView>,
    /// The models that one can roll back to, newest first; the built-in one has the number 0.
    history: Vec<KeptView>,
    /// How many corrections of one's own there are.
    corrections: usize,
    sharing: SharingView,
}

/// A model that is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptModel)]
pub struct KeptView {
    number: u64,
    version: String,
    #[schema(required)]
    trained_at: Option<String>,
    samples: u32,
    accuracy: f64,
    serving: bool,
}

/// Whether one's own corrections teach the model that all share.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sharing)]
pub struct SharingView {
    /// `household` (everyone's do), `on` or `off` (as one chose in the settings).
    #[schema(schema_with = super::names::sharing)]
    state: &'static str,
}

/// How the last training ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Training)]
pub struct TrainingView {
    at: String,
    /// `promoted`, `rejected` or `failed`.
    outcome: &'static str,
    #[schema(required)]
    reason: Option<String>,
}

/// The model that serves, its last training, and what else is kept.
#[utoipa::path(get, path = "/api/v1/classifier", tag = "classifier", operation_id = "get_classifier",
    responses((status = 200, body = ClassifierView)))]
pub async fn get(
    caller: CurrentUser,
    registry: Data<Registry>,
    classifier: Data<ClassifierHandle>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(view(&caller, &registry, &classifier).await?))
}

async fn view(
    caller: &CurrentUser,
    registry: &Registry,
    classifier: &ClassifierHandle,
) -> Result<ClassifierView, Problem> {
    let own = registry.query(caller.owner(), GetCorrections { limit: 0 }, caller.reader()).await?.output;
    let history = classifier.history().await?;
    let (serving, training) = (classifier.serving(), classifier.training());
    let kept = |kept: Kept| KeptView {
        number: kept.number,
        version: kept.version,
        trained_at: kept.trained_at.map(|at| at.to_string()),
        samples: kept.samples,
        accuracy: kept.accuracy,
        serving: kept.number == serving.number,
    };
    let state = match classifier.sharing() {
        Sharing::Household => "household",
        Sharing::ByChoice if own.shared => "on",
        Sharing::ByChoice => "off",
    };
    Ok(ClassifierView {
        version: serving.model.version().to_owned(),
        trained_at: serving.trained_at.map(|at| at.to_string()),
        samples: serving.model.samples(),
        accuracy: serving.accuracy,
        status: if training.running { "training" } else { "serving" },
        last_training: training.last.as_ref().map(|(at, outcome)| TrainingView {
            at: at.to_string(),
            outcome: outcome.as_str(),
            reason: outcome.reason().map(ToOwned::to_owned),
        }),
        history: history.into_iter().map(kept).collect(),
        corrections: own.count,
        sharing: SharingView { state },
    })
}

/// Trains in the background. For administrators.
#[utoipa::path(post, path = "/api/v1/classifier/retrain", tag = "classifier", operation_id = "post_classifier_retrain",
    responses((status = 202), (status = 403, body = crate::problem::ProblemDocument)))]
pub async fn retrain(
    caller: CurrentUser,
    auth: Data<Auth>,
    classifier: Data<ClassifierHandle>,
) -> Result<HttpResponse, Problem> {
    check_admin(&caller, &auth).await?;
    classifier.retrain()?;
    Ok(HttpResponse::Accepted().finish())
}

async fn check_admin(caller: &CurrentUser, auth: &Auth) -> Result<(), Problem> {
    match auth.user(caller.session.user).await?.role {
        Role::Admin => Ok(()),
        Role::Member => Err(Code::Forbidden.into()),
    }
}

/// Which model shall serve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RollBackRequest)]
pub struct RollBackBody {
    /// 0 is the model that ships with the program.
    number: u64,
}

/// Lets an earlier model serve, here at once and on every other pod within seconds. For administrators.
#[utoipa::path(post, path = "/api/v1/classifier/roll-back", tag = "classifier", operation_id = "post_classifier_roll_back", request_body = RollBackBody,
    responses((status = 200, body = ClassifierView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn roll_back(
    caller: CurrentUser,
    auth: Data<Auth>,
    registry: Data<Registry>,
    classifier: Data<ClassifierHandle>,
    Body(body): Body<RollBackBody>,
) -> Result<HttpResponse, Problem> {
    check_admin(&caller, &auth).await?;
    if !classifier.roll_back(body.number).await? {
        return Err(finbrain_domain::Error::NotFound { noun: "model" }.into());
    }
    Ok(HttpResponse::Ok().json(view(&caller, &registry, &classifier).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CorrectionsQuery {
    /// 1 to 500, 100 when left out.
    limit: Option<u16>,
}

/// One's own corrections.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Corrections)]
pub struct CorrectionsView {
    data: Vec<CorrectionView>,
}

/// What one chose last for a merchant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Correction)]
pub struct CorrectionView {
    merchant: String,
    category_id: String,
}

/// One's own corrections, in the order of merchants.
#[utoipa::path(get, path = "/api/v1/classifier/corrections", tag = "classifier", operation_id = "get_classifier_corrections", params(CorrectionsQuery),
    responses((status = 200, body = CorrectionsView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn corrections(
    caller: CurrentUser,
    registry: Data<Registry>,
    Query(query): Query<CorrectionsQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = usize::from(query.limit.unwrap_or(100).clamp(1, 500));
    let answered = registry.query(caller.owner(), GetCorrections { limit }, caller.reader()).await?;
    let rows = answered.output.rows.iter();
    let data =
        rows.map(|(merchant, id)| CorrectionView { merchant: merchant.clone(), category_id: id.to_string() });
    Ok(read(&answered).json(CorrectionsView { data: data.collect() }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ForgetQuery {
    /// As it is listed.
    merchant: String,
}

/// Forgets a correction, here and in what later trainings learn from.
#[utoipa::path(delete, path = "/api/v1/classifier/corrections", tag = "classifier", operation_id = "delete_classifier_corrections", params(ForgetQuery),
    responses((status = 204), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn forget(
    caller: CurrentUser,
    registry: Data<Registry>,
    worker: Data<WorkerHandle>,
    Query(query): Query<ForgetQuery>,
) -> Result<HttpResponse, Problem> {
    let envelope = caller.envelope("DELETE /classifier/corrections", &query.merchant);
    let command = ForgetCorrection { merchant: query.merchant };
    let accepted = registry.command(caller.owner(), command, envelope).await?;
    if accepted.effects {
        worker.wake();
    }
    Ok(written(StatusCode::NO_CONTENT, &accepted).finish())
}

/// Figures of the model that serves over rows whose category is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClassifierEvaluation)]
pub struct EvaluationView {
    rows: usize,
    /// Share of the rows that it gets right, from 0 to 1.
    accuracy: f64,
    /// The same over the 80 % of the rows that it is surest of.
    surest_80: f64,
    /// How far its confidence is from its accuracy, on average.
    calibration_error: f64,
    by_category: Vec<CategoryFiguresView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryFigures)]
pub struct CategoryFiguresView {
    category_id: String,
    rows: usize,
    right: usize,
}

/// How good the serving model is on a CSV of `description,category`, at most 2 MiB and 20,000 rows. For administrators.
#[utoipa::path(post, path = "/api/v1/classifier/evaluate", tag = "classifier", operation_id = "post_classifier_evaluate",
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = EvaluationView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn evaluate(
    caller: CurrentUser,
    auth: Data<Auth>,
    classifier: Data<ClassifierHandle>,
    CsvBody(csv): CsvBody,
) -> Result<HttpResponse, Problem> {
    check_admin(&caller, &auth).await?;
    let serving = classifier.serving();
    let figures = actix_web::web::block(move || evaluate_csv(&serving.model, &csv));
    let figures = figures.await.map_err(|_| Problem::new(Code::Busy))?.map_err(|error| refuse(&error))?;
    let by_category = figures.by_category.into_iter();
    Ok(HttpResponse::Ok().json(EvaluationView {
        rows: figures.rows,
        accuracy: figures.accuracy,
        surest_80: figures.surest_80,
        calibration_error: figures.calibration_error,
        by_category: by_category
            .map(|(category_id, rows, right)| CategoryFiguresView { category_id, rows, right })
            .collect(),
    }))
}

fn refuse(error: &LabelledError) -> Problem {
    let code = if *error == LabelledError::TooLarge { Code::BodyTooLarge } else { Code::InvalidBody };
    Problem::new(code).saying(format!("Send a CSV of description,category: {error}."))
}
