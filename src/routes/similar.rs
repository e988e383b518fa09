//! `/transactions/{id}/similar`: past rows of the same merchant, offered for the category of this one.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use finbrain_actors::{
    registry::Registry,
    user_session::{FindSimilar, RecategoriseSimilar},
};
use finbrain_domain::ids::TransactionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    answer::{read, written},
    body::Body,
    caller::CurrentUser,
    transaction_view::TransactionView,
    transactions::transaction_id,
};
use crate::problem::{Invalid, Problem};

/// So many rows are offered, and changed, at a time.
const MOST: usize = 500;

/// Rows of the same merchant in another category, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Similar)]
pub struct SimilarView {
    data: Vec<TransactionView>,
    /// What they would get; `null` when the row is split.
    #[schema(required)]
    category_id: Option<String>,
    /// What they have in common.
    merchant: String,
    /// All that there are; `data` has at most 500.
    count: usize,
}

/// Rows that shall have the category of this one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimilarBody {
    #[schema(max_items = 500)]
    ids: Vec<String>,
}

impl SimilarBody {
    fn parse(self) -> Result<Vec<TransactionId>, Problem> {
        let mut invalid = Invalid::new();
        if self.ids.len() > MOST {
            let refused: Result<(), _> = Err(finbrain_domain::Error::TooMany { limit: MOST });
            invalid.take("/ids", refused);
        }
        let parse = |(row, id): (usize, String)| invalid.take(format!("/ids/{row}"), id.parse());
        let ids: Vec<TransactionId> = self.ids.into_iter().take(MOST).enumerate().filter_map(parse).collect();
        invalid.check()?;
        Ok(ids)
    }
}

/// How many rows were changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarChanged {
    changed: usize,
    /// The one entry that holds all changes: undo takes them back. `null` when nothing had to change.
    #[schema(required)]
    entry_id: Option<String>,
}

/// Past rows of the same merchant that have another category.
#[utoipa::path(get, path = "/api/v1/transactions/{id}/similar", tag = "transactions",
    operation_id = "get_transactions_by_id_similar", params(("id" = String, Path)),
    responses((status = 200, body = SimilarView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn find(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let question = FindSimilar { id: transaction_id(&id)?, limit: MOST };
    let answered = registry.query(caller.owner(), question, caller.reader()).await?;
    let similar = &answered.output;
    Ok(read(&answered).json(SimilarView {
        data: similar.rows.iter().map(TransactionView::plain).collect(),
        category_id: similar.category.as_ref().map(ToString::to_string),
        merchant: similar.merchant.clone(),
        count: similar.count,
    }))
}

/// Gives rows the category of this one, as one entry.
#[utoipa::path(post, path = "/api/v1/transactions/{id}/similar", tag = "transactions",
    operation_id = "post_transactions_by_id_similar", params(("id" = String, Path)), request_body = SimilarBody,
    responses((status = 200, body = SimilarChanged), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn apply(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
    Body(body): Body<SimilarBody>,
) -> Result<HttpResponse, Problem> {
    let like = transaction_id(&id)?;
    let envelope = caller.envelope("POST /transactions/similar", &(like, &body));
    let command = RecategoriseSimilar { like, ids: body.parse()? };
    let accepted = registry.command(caller.owner(), command, envelope).await?;
    let entry_id = accepted.entry_id.map(|id| id.to_string());
    Ok(written(StatusCode::OK, &accepted).json(SimilarChanged { changed: accepted.output, entry_id }))
}
