//! `/classifier`: what it knows and how good it is.

use actix_web::{HttpResponse, web::Data};
use finbrain_actors::classifier::ClassifierHandle;
use finbrain_domain::user::Role;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::CurrentUser;
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

/// The model that serves, and its last training.
#[utoipa::path(get, path = "/api/v1/classifier", tag = "classifier", operation_id = "get_classifier",
    responses((status = 200, body = ClassifierView)))]
pub async fn get(_: CurrentUser, classifier: Data<ClassifierHandle>) -> HttpResponse {
    let (serving, training) = (classifier.serving(), classifier.training());
    HttpResponse::Ok().json(ClassifierView {
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
    if auth.user(caller.session.user).await?.role != Role::Admin {
        return Err(Code::Forbidden.into());
    }
    classifier.retrain()?;
    Ok(HttpResponse::Accepted().finish())
}
