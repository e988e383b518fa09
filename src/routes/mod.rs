//! The HTTP surface: what is read from a request and what is written to an answer. Handlers parse, ask an actor, and
//! write down what it said; rules live elsewhere.

mod account;
mod account_form;
mod accounts;
mod analytics;
mod answer;
pub mod body;
pub mod caller;
mod categories;
mod classifier;
pub mod docs;
mod document;
pub mod endpoint;
mod events;
mod history;
mod insights;
mod insights_anomalies;
pub mod middleware;
mod money;
mod names;
pub mod ops;
mod page;
pub mod query;
mod rates;
mod refusal;
pub mod report;
mod session;
mod similar;
mod suggestion;
mod transaction_form;
mod transaction_view;
mod transactions;
mod ui;

use actix_web::web::{self, ServiceConfig};

use self::{
    body::BodyRules,
    endpoint::{endpoint, unknown_route},
};

/// Adds every route of the public port.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/api/docs").get(docs::page_with_slash)).service(docs::page());
    config.service(web::scope("/api/v1").configure(api).default_service(web::to(unknown_route)));
    config.service(ui::everywhere_else(web::to(ui::serve)));
}

fn api(config: &mut ServiceConfig) {
    // The router tries one path after the other: what every open page asks for comes first.
    config
        .service(endpoint("/dashboard").get(analytics::dashboard))
        .service(endpoint("/session/heartbeat").post(session::heartbeat))
        .service(endpoint("/openapi.json").get(docs::document))
        .service(endpoint("/auth/register").post(account::register))
        .service(endpoint("/auth/login").post(account::login))
        .service(endpoint("/auth/logout").post(account::logout))
        .service(endpoint("/auth/demo").post(account::demo))
        .service(endpoint("/auth/demo/keep").post(account::keep_demo))
        .service(endpoint("/me").get(account::me).patch(account::amend_me).delete(account::close))
        .service(endpoint("/me/password").post(account::change_password))
        .service(endpoint("/session").get(session::get))
        .service(endpoint("/sessions").get(session::list).delete(session::end_others))
        .service(endpoint("/sessions/{id}").delete(session::end))
        .service(endpoint("/transactions").get(transactions::list).post(transactions::record))
        .service(endpoint("/transactions/bulk").bodies(BodyRules::BULK).post(transactions::record_many))
        .service(endpoint("/transactions/suggest").post(transactions::suggest))
        .service(
            endpoint("/transactions/{id}")
                .get(transactions::get)
                .patch(transactions::amend)
                .delete(transactions::remove),
        )
        .service(endpoint("/transactions/{id}/similar").get(similar::find).post(similar::apply))
        .service(endpoint("/categories").get(categories::list).post(categories::create))
        .service(
            endpoint("/categories/{id}")
                .get(categories::get)
                .patch(categories::amend)
                .delete(categories::remove),
        )
        .service(endpoint("/accounts").get(accounts::list))
        .service(endpoint("/undo").post(history::undo))
        .service(endpoint("/redo").post(history::redo))
        .service(endpoint("/history").get(history::history))
        .service(endpoint("/changes").get(history::changes))
        .service(endpoint("/events").get(events::events))
        .service(endpoint("/analytics/breakdown").get(analytics::breakdown))
        .service(endpoint("/analytics/monthly").get(analytics::monthly))
        .service(endpoint("/analytics/anomalies").get(insights_anomalies::list))
        .service(endpoint("/analytics/anomalies/silence").post(insights_anomalies::silence))
        .service(endpoint("/analytics/recurring").get(insights::recurring))
        .service(endpoint("/analytics/forecast").get(insights::forecast))
        .service(endpoint("/analytics/health").get(insights::health))
        .service(endpoint("/currencies").get(rates::currencies))
        .service(endpoint("/rates").get(rates::get))
        .service(endpoint("/classifier").get(classifier::get))
        .service(endpoint("/classifier/retrain").post(classifier::retrain))
        .service(
            endpoint("/classifier/evaluate")
                .post(classifier::evaluate)
                .bodies(BodyRules { bytes: finbrain_actors::classifier::MAX_BYTES, ..BodyRules::SINGLE }),
        )
        .service(endpoint("/classifier/roll-back").post(classifier::roll_back))
        .service(endpoint("/classifier/corrections").get(classifier::corrections).delete(classifier::forget));
}
