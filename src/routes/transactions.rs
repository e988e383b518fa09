//! `/transactions`: what a person spent and earned.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use finbrain_actors::{
    classifier::{ClassifierHandle, Judgement, observe},
    registry::Registry,
    user_session::{
        AmendTransaction, FindSimilar, GetTransaction, ListTransactions, RecordMany, RecordTransaction,
        RemoveTransaction, SuggestCategory,
    },
    worker::WorkerHandle,
};
use finbrain_domain::{ids::TransactionId, transaction::NewTransaction};

use super::{
    answer::{read, tag, written},
    body::Body,
    caller::CurrentUser,
    query::Query,
    refusal::{self, Fields},
    suggestion::{SuggestBody, SuggestionView},
    transaction_form::{BulkBody, ListQuery, NewTransactionBody, TransactionPatchBody},
    transaction_view::{
        AmendedView, BulkView, RecordedView, TransactionList, TransactionView, cursor_text, totals,
    },
};
use crate::problem::{Invalid, Problem};

/// Lists transactions, newest first, with the totals of the whole filter.
#[utoipa::path(get, path = "/api/v1/transactions", tag = "transactions", operation_id = "get_transactions", params(ListQuery),
    responses((status = 200, body = TransactionList), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn list(
    caller: CurrentUser,
    registry: Data<Registry>,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let question: ListTransactions = query.parse()?;
    let answered = registry.query(caller.owner(), question, caller.reader()).await?;
    let listed = &answered.output;
    Ok(read(&answered).json(TransactionList {
        data: listed.rows.iter().map(TransactionView::listed).collect(),
        page: super::page::PageView { next: listed.next.map(cursor_text) },
        totals: totals(&listed.totals),
    }))
}

/// Records a transaction. Without a category the classifier chooses one.
#[utoipa::path(post, path = "/api/v1/transactions", tag = "transactions", operation_id = "post_transactions", request_body = NewTransactionBody,
    responses((status = 201, body = RecordedView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn record(
    caller: CurrentUser,
    registry: Data<Registry>,
    classifier: Data<ClassifierHandle>,
    worker: Data<WorkerHandle>,
    Body(body): Body<NewTransactionBody>,
) -> Result<HttpResponse, Problem> {
    let envelope = caller.envelope("POST /transactions", &body);
    let mut invalid = Invalid::new();
    let new = body.parse("", &mut invalid);
    invalid.check()?;
    let Some(new) = new else { return Err(crate::problem::Code::InvalidBody.into()) };
    let chosen = new.category.clone();
    let (fields, prepared) = (Fields::of(&new), classifier.prepare(&new.description));
    let recorded = registry.command(caller.owner(), RecordTransaction { new, prepared }, envelope).await;
    let accepted = recorded.map_err(|error| fields.refuse(error))?;
    if accepted.effects {
        worker.wake();
    }
    let recorded = &accepted.output;
    if !accepted.replayed {
        observe(&recorded.suggestion);
        if let Some(chosen) = chosen {
            Judgement::of(chosen == recorded.suggestion.category).count();
        }
    }
    let mut response = written(StatusCode::CREATED, &accepted);
    response.insert_header(tag(accepted.version));
    Ok(response.json(RecordedView::new(recorded)))
}

/// Records up to 20,000 transactions as one entry, all or none.
#[utoipa::path(post, path = "/api/v1/transactions/bulk", tag = "transactions", operation_id = "post_transactions_bulk", request_body = BulkBody,
    responses((status = 201, body = BulkView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn record_many(
    caller: CurrentUser,
    registry: Data<Registry>,
    classifier: Data<ClassifierHandle>,
    worker: Data<WorkerHandle>,
    Body(body): Body<BulkBody>,
) -> Result<HttpResponse, Problem> {
    let envelope = caller.envelope("POST /transactions/bulk", &body);
    let classifier = (**classifier).clone();
    // Twenty thousand texts take a while: the requests beside them do not wait.
    let prepared = actix_web::web::block(move || {
        let new: Vec<NewTransaction> = body.parse()?;
        let model = classifier.serving();
        Ok::<_, Problem>(
            new.into_iter()
                .map(|new| {
                    let prepared = finbrain_actors::classifier::Prepared::new(&model.model, &new.description);
                    (new, prepared)
                })
                .collect::<Vec<_>>(),
        )
    });
    let new = prepared.await.map_err(|_| Problem::new(crate::problem::Code::Busy))??;
    let fields: Vec<Fields> = new.iter().map(|(new, _)| Fields::of(new)).collect();
    let recorded = registry.command(caller.owner(), RecordMany { new }, envelope).await;
    let accepted = recorded.map_err(|error| refusal::of_rows(&fields, error))?;
    if accepted.effects {
        worker.wake();
    }
    let view = BulkView { count: accepted.output, entry_id: accepted.entry_id.map(|id| id.to_string()) };
    Ok(written(StatusCode::CREATED, &accepted).json(view))
}

/// One transaction. Its `ETag` is the slot of its last change.
#[utoipa::path(get, path = "/api/v1/transactions/{id}", tag = "transactions", operation_id = "get_transactions_by_id", params(("id" = String, Path)),
    responses((status = 200, body = TransactionView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn get(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = transaction_id(&id)?;
    let answered = registry.query(caller.owner(), GetTransaction { id }, caller.reader()).await?;
    let found = &answered.output;
    Ok(read(&answered).insert_header(tag(found.changed)).json(TransactionView::plain(&found.transaction)))
}

/// Changes some fields. A change of category teaches: the next one of this merchant is right.
#[utoipa::path(patch, path = "/api/v1/transactions/{id}", tag = "transactions", operation_id = "patch_transactions_by_id", params(("id" = String, Path)),
    request_body = TransactionPatchBody,
    responses((status = 200, body = AmendedView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn amend(
    caller: CurrentUser,
    registry: Data<Registry>,
    worker: Data<WorkerHandle>,
    id: Path<String>,
    Body(body): Body<TransactionPatchBody>,
) -> Result<HttpResponse, Problem> {
    let id = transaction_id(&id)?;
    let envelope = caller.envelope("PATCH /transactions", &(id, caller.expected, &body));
    let fields = body.fields();
    let chosen = body.chooses_category();
    let command = AmendTransaction { id, patch: body.parse()?, expected: caller.expected };
    let amended = registry.command(caller.owner(), command, envelope).await;
    let accepted = amended.map_err(|error| fields.refuse(error))?;
    if accepted.effects {
        worker.wake();
    }
    if accepted.output.learned && !accepted.replayed {
        Judgement::Changed.count();
    }
    let changed = accepted.output.changed.unwrap_or(accepted.version);
    let similar = match chosen {
        true => count_similar(&registry, &caller, id).await,
        false => 0,
    };
    let mut response = written(StatusCode::OK, &accepted);
    response.insert_header(tag(changed));
    Ok(response.json(AmendedView::new(&accepted.output, similar)))
}

/// Past rows that the same choice would fit. The correction stands without them: a question that fails says none.
async fn count_similar(registry: &Registry, caller: &CurrentUser, id: TransactionId) -> usize {
    let question = FindSimilar { id, limit: 0 };
    let answered = registry.query(caller.owner(), question, caller.reader()).await;
    answered.map_or(0, |answered| answered.output.count)
}

/// Deletes a transaction. Undo brings it back.
#[utoipa::path(delete, path = "/api/v1/transactions/{id}", tag = "transactions", operation_id = "delete_transactions_by_id", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn remove(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = transaction_id(&id)?;
    let envelope = caller.envelope("DELETE /transactions", &(id, caller.expected));
    let command = RemoveTransaction { id, expected: caller.expected };
    let accepted = registry.command(caller.owner(), command, envelope).await?;
    Ok(written(StatusCode::NO_CONTENT, &accepted).finish())
}

/// The category for a text, while it is typed.
#[utoipa::path(post, path = "/api/v1/transactions/suggest", tag = "transactions", operation_id = "post_transactions_suggest", request_body = SuggestBody,
    responses((status = 200, body = SuggestionView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn suggest(
    caller: CurrentUser,
    registry: Data<Registry>,
    classifier: Data<ClassifierHandle>,
    Body(body): Body<SuggestBody>,
) -> Result<HttpResponse, Problem> {
    let (description, income) = body.parse()?;
    let prepared = classifier.prepare(&description);
    let answered =
        registry.query(caller.owner(), SuggestCategory { income, prepared }, caller.reader()).await?;
    observe(&answered.output);
    Ok(read(&answered).json(SuggestionView::new(&answered.output)))
}

/// An id that is not one names nothing of yours.
pub(super) fn transaction_id(text: &str) -> Result<TransactionId, Problem> {
    text.parse().map_err(|_| finbrain_domain::Error::NotFound { noun: "transaction" }.into())
}
