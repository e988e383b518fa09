//! The description of the API: generated, served as a document and as a page to read.

use actix_web::HttpResponse;
use utoipa::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    account, accounts, analytics, categories, classifier, events, history, insights, insights_anomalies,
    rates, session, similar, transactions,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "FinBrain",
        description = "Where your money goes, without giving it to a cloud. Amounts are decimal strings, negative is money \
                       out. Errors are problem documents (RFC 9457). Answers about a book carry `Ledger-Version`; a client \
                       may send `Ledger-Min`, writes `Idempotency-Key` and `If-Match`. Sign in with the cookie; unsafe \
                       methods need the `Origin` of the server.",
        license(name = "MIT")
    ),
    paths(
        account::register,
        account::login,
        account::logout,
        account::demo,
        account::keep_demo,
        account::me,
        account::amend_me,
        account::close,
        account::change_password,
        session::get,
        session::heartbeat,
        session::list,
        session::end,
        session::end_others,
        transactions::list,
        transactions::record,
        transactions::record_many,
        transactions::suggest,
        transactions::get,
        transactions::amend,
        transactions::remove,
        similar::find,
        similar::apply,
        categories::list,
        categories::create,
        categories::get,
        categories::amend,
        categories::remove,
        accounts::list,
        history::undo,
        history::redo,
        history::history,
        history::changes,
        events::events,
        analytics::dashboard,
        analytics::breakdown,
        analytics::monthly,
        insights_anomalies::list,
        insights_anomalies::silence,
        insights::recurring,
        insights::forecast,
        insights::health,
        rates::currencies,
        rates::get,
        classifier::get,
        classifier::retrain,
        classifier::roll_back,
        classifier::evaluate,
        classifier::corrections,
        classifier::forget,
    )
)]
struct Document;

/// The OpenAPI document, as JSON that is stable from build to build.
pub fn openapi() -> String {
    Document::openapi().to_pretty_json().expect("the document is plain data")
}

/// `GET /api/v1/openapi.json`
pub async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi())
}

/// `GET /api/docs/`: the document as a page to read and to try. Its files are built into the program.
pub fn page() -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").config(Config::new(["/api/v1/openapi.json"]))
}

/// `GET /api/docs`
pub async fn page_with_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("Location", "/api/docs/")).finish()
}
