//! What was written and by whom, and taking it back: `/undo`, `/redo`, `/history`, `/changes`.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use finbrain_actors::{
    Ports,
    registry::Registry,
    user_session::{GetSettings, Reversible, Which},
};
use finbrain_domain::{
    change::Change,
    entry::{Author, Entry, Reversal},
    ids::EntryId,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{read, written},
    body::BodyOrDefault,
    caller::CurrentUser,
    page::{self, PageView},
    query::Query,
    transaction_view::TransactionView,
};
use crate::problem::Problem;

/// A fact, with what was and what is. `null` means "not there".
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
pub struct ChangeView {
    /// `settings`, `account`, `category`, `transaction`, `merchant`, `silence` or `book_closed`.
    kind: &'static str,
    #[schema(required)]
    id: Option<String>,
    #[schema(value_type = Option<serde_json::Value>, required)]
    from: Option<serde_json::Value>,
    #[schema(value_type = Option<serde_json::Value>, required)]
    to: Option<serde_json::Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Author)]
pub struct AuthorView {
    /// `user` or `system`.
    kind: &'static str,
    #[schema(required)]
    id: Option<String>,
}

impl AuthorView {
    fn new(author: Author) -> Self {
        match author {
            Author::User(id) => Self { kind: "user", id: Some(id.to_string()) },
            Author::System => Self { kind: "system", id: None },
        }
    }
}

/// Changes as clients see them. Access facts stay in the journal.
pub fn views(changes: &[Change]) -> Vec<ChangeView> {
    changes.iter().filter_map(view).collect()
}

fn view(change: &Change) -> Option<ChangeView> {
    Some(match change {
        Change::Settings { from, to } => {
            ChangeView { kind: "settings", id: None, from: json(from), to: json(to) }
        }
        Change::Account { from, to } => ChangeView {
            kind: "account",
            id: to.as_ref().or(from.as_ref()).map(|account| account.id.to_string()),
            from: json(from),
            to: json(to),
        },
        Change::Category { from, to } => ChangeView {
            kind: "category",
            id: to.as_ref().or(from.as_ref()).map(|category| category.id.to_string()),
            from: json(from),
            to: json(to),
        },
        Change::Transaction { from, to } => ChangeView {
            kind: "transaction",
            id: to.as_ref().or(from.as_ref()).map(|transaction| transaction.id.to_string()),
            from: json(&from.as_deref().map(TransactionView::plain)),
            to: json(&to.as_deref().map(TransactionView::plain)),
        },
        Change::Merchant { merchant, from, to } => {
            ChangeView { kind: "merchant", id: Some(merchant.clone()), from: json(from), to: json(to) }
        }
        Change::Silence { pattern, from, to } => ChangeView {
            kind: "silence",
            id: Some(format!("{}:{}", pattern.kind.as_str(), &*pattern.merchant)),
            from: json(&Some(from)),
            to: json(&Some(to)),
        },
        Change::BookClosed => ChangeView { kind: "book_closed", id: None, from: None, to: None },
        Change::Access(_) => return None,
    })
}

/// A value as JSON; nothing when it is not there.
fn json<T: Serialize>(value: &Option<T>) -> Option<serde_json::Value> {
    serde_json::to_value(value.as_ref()?).ok()
}

/// One entry of the journal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Version)]
pub struct VersionView {
    version: u64,
    at: String,
    author: AuthorView,
    changes: Vec<ChangeView>,
}

impl VersionView {
    pub fn new(entry: &Entry, changes: &[Change]) -> Self {
        Self {
            version: entry.slot,
            at: entry.at.to_string(),
            author: AuthorView::new(entry.author),
            changes: views(changes),
        }
    }
}

/// Entries of the journal, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionList {
    data: Vec<VersionView>,
    page: PageView,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// The version that the client has.
    since: u64,
    limit: Option<usize>,
}

/// Everything behind a version: every slot once. `next` is the `since` of the next page.
#[utoipa::path(get, path = "/api/v1/changes", tag = "history", operation_id = "get_changes", params(ChangesQuery),
    responses((status = 200, body = VersionList)))]
pub async fn changes(
    caller: CurrentUser,
    registry: Data<Registry>,
    ports: Data<Ports>,
    Query(query): Query<ChangesQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(query.limit)?;
    // The book first: the journal may be ahead of the version that the answer names.
    let answered = registry.query(caller.owner(), GetSettings, caller.reader()).await?;
    let mut entries = ports.journal.since(caller.session.book, query.since, limit).await?;
    entries.retain(|entry| entry.slot <= answered.version);
    let last = entries.last().map_or(query.since, |entry| entry.slot);
    let data = entries.iter().map(|entry| Ok(VersionView::new(entry, &entry.changes()?)));
    let data = data.collect::<Result<Vec<_>, finbrain_domain::Error>>()?;
    let next = (last < answered.version).then(|| last.to_string());
    Ok(read(&answered).json(VersionList { data, page: PageView { next } }))
}

/// An entry as a person reads it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HistoryEntry)]
pub struct HistoryView {
    entry_id: String,
    version: u64,
    at: String,
    author: AuthorView,
    /// The entry that this one took back.
    #[schema(required)]
    undoes: Option<String>,
    /// Whether it could be undone now; of an entry with very many changes, judged by the first of them.
    undoable: bool,
    /// The first 100 at most.
    changes: Vec<ChangeView>,
    /// How many there are.
    changes_total: usize,
}

/// So many changes of an entry are shown.
const SHOWN: usize = 100;
/// Entries with more changes are judged by a part of them: the book has others to answer.
const TRIED: usize = 1000;
/// A page ends after so many bytes of the journal, but for its first entry.
const PAGE_BYTES: usize = 1 << 20;

/// An entry of a page, with what is shown of it.
struct Told {
    entry: Entry,
    changes: Vec<ChangeView>,
    changes_total: usize,
}

impl Told {
    fn new(entry: Entry, changes: &[Change]) -> Self {
        let shown = changes.iter().filter_map(view).take(SHOWN).collect();
        let changes_total = changes.iter().filter(|change| !change.is_access()).count();
        let entry = if changes.len() > TRIED { abridged(entry, changes) } else { entry };
        Self { entry, changes: shown, changes_total }
    }
}

/// The entry with the first of its rows, and all that the rows may need.
fn abridged(entry: Entry, changes: &[Change]) -> Entry {
    let mut rows = 0;
    let part = changes.iter().filter(|change| match change {
        Change::Transaction { .. } => {
            rows += 1;
            rows <= SHOWN
        }
        Change::Merchant { .. } => false,
        _ => true,
    });
    let payload = serde_json::to_vec(&part.collect::<Vec<_>>()).expect("changes are plain data");
    Entry { payload: Some(payload), ..entry }
}

/// Entries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryList {
    data: Vec<HistoryView>,
    page: PageView,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// What was done, newest first. Access facts are left out.
#[utoipa::path(get, path = "/api/v1/history", tag = "history", operation_id = "get_history", params(HistoryQuery),
    responses((status = 200, body = HistoryList)))]
pub async fn history(
    caller: CurrentUser,
    registry: Data<Registry>,
    ports: Data<Ports>,
    Query(query): Query<HistoryQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = page::limit(query.limit)?;
    let before = match &query.cursor {
        Some(cursor) => page::decode(cursor)?.parse().map_err(|_| page::bad_cursor())?,
        None => u64::MAX,
    };
    // The book first: the journal may be ahead of the version that the answer names.
    let answered = registry.query(caller.owner(), GetSettings, caller.reader()).await?;
    let before = before.min(answered.version.saturating_add(1));
    let (page, next) = page_before(&ports, &caller, before, limit).await?;
    let (entries, told): (Vec<_>, Vec<_>) = page
        .into_iter()
        .map(|Told { entry, changes, changes_total }| (entry, (changes, changes_total)))
        .unzip();
    let judged = registry
        .query_proven(caller.owner(), Reversible { entries }, caller.reader(), Some(answered.version))
        .await?
        .output;
    let data = judged.into_iter().zip(told);
    let data = data
        .map(|((entry, undoable), (changes, changes_total))| HistoryView {
            entry_id: entry.entry_id.to_string(),
            version: entry.slot,
            at: entry.at.to_string(),
            author: AuthorView::new(entry.author),
            undoes: entry.reverses.map(|reversal| match reversal {
                Reversal::Undo(id) | Reversal::Redo(id) => id.to_string(),
            }),
            undoable,
            changes,
            changes_total,
        })
        .collect();
    let next = next.map(|slot| page::encode(&slot.to_string()));
    Ok(read(&answered).json(HistoryList { data, page: PageView { next } }))
}

/// A page of entries that are no access facts, and the slot before which the next one begins.
async fn page_before(
    ports: &Ports,
    caller: &CurrentUser,
    mut before: u64,
    limit: usize,
) -> Result<(Vec<Told>, Option<u64>), Problem> {
    let mut page: Vec<Told> = Vec::new();
    let mut bytes = 0;
    loop {
        let batch = ports.journal.before(caller.session.book, before, limit).await?;
        let Some(last) = batch.last() else { return Ok((page, None)) };
        before = last.slot;
        for entry in batch {
            bytes += entry.payload.as_ref().map_or(0, Vec::len);
            if page.len() == limit || bytes > PAGE_BYTES && !page.is_empty() {
                let next = page.last().map(|told| told.entry.slot);
                return Ok((page, next));
            }
            let changes = entry.changes()?;
            if !changes.iter().all(Change::is_access) {
                page.push(Told::new(entry, &changes));
            }
        }
        if before <= 1 {
            return Ok((page, None));
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UndoRequest)]
pub struct UndoBody {
    /// The newest of one's own when it is left out.
    entry_id: Option<String>,
}

impl UndoBody {
    fn parse(&self) -> Result<Option<EntryId>, Problem> {
        let id = self.entry_id.as_deref().map(str::parse).transpose();
        id.map_err(|error| Problem::invalid("/entry_id", error))
    }
}

/// What was taken back, or brought back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Undone)]
pub struct UndoneView {
    /// The new entry.
    #[schema(required)]
    entry_id: Option<String>,
    version: u64,
    changes: Vec<ChangeView>,
}

/// Takes an entry back. When a later one touched the same fields, 409 lists the rows and nothing is done.
#[utoipa::path(post, path = "/api/v1/undo", tag = "history", operation_id = "post_undo", request_body = Option<UndoBody>,
    responses((status = 200, body = UndoneView), (status = 409, body = crate::problem::ProblemDocument)))]
pub async fn undo(
    caller: CurrentUser,
    registry: Data<Registry>,
    BodyOrDefault(body): BodyOrDefault<UndoBody>,
) -> Result<HttpResponse, Problem> {
    reverse(&caller, &registry, Which::Undo, &body).await
}

/// Brings back what was undone last.
#[utoipa::path(post, path = "/api/v1/redo", tag = "history", operation_id = "post_redo", request_body = Option<UndoBody>,
    responses((status = 200, body = UndoneView), (status = 409, body = crate::problem::ProblemDocument)))]
pub async fn redo(
    caller: CurrentUser,
    registry: Data<Registry>,
    BodyOrDefault(body): BodyOrDefault<UndoBody>,
) -> Result<HttpResponse, Problem> {
    reverse(&caller, &registry, Which::Redo, &body).await
}

async fn reverse(
    caller: &CurrentUser,
    registry: &Registry,
    which: Which,
    body: &UndoBody,
) -> Result<HttpResponse, Problem> {
    let what = match which {
        Which::Undo => "POST /undo",
        Which::Redo => "POST /redo",
    };
    let envelope = caller.envelope(what, body);
    let accepted = registry.undo(caller.owner(), which, body.parse()?, envelope).await?;
    let view = UndoneView {
        entry_id: accepted.entry_id.map(|id| id.to_string()),
        version: accepted.version,
        changes: views(&accepted.output),
    };
    Ok(written(StatusCode::OK, &accepted).json(view))
}
