//! `/categories`: the defaults and a person's own.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use finbrain_actors::{
    registry::Registry,
    user_session::{
        AmendCategory, AmendedCategory, CategoryItem, CreateCategory, ListCategories, RemoveCategory,
    },
};
use finbrain_domain::{
    category::{Category, CategoryId, CategoryKind, CategoryPatch, Color, NewCategory},
    text::Name,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    answer::{read, tag, written},
    body::Body,
    caller::CurrentUser,
    query::Query,
    transaction_form::{given, present},
};
use crate::problem::{Invalid, Problem};

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CategoryKind)]
pub enum KindBody {
    Expense,
    Income,
}

/// A category.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Category)]
pub struct CategoryView {
    id: String,
    name: String,
    kind: KindBody,
    #[schema(required)]
    color: Option<String>,
    /// One of the defaults: it can be renamed and archived, not deleted.
    builtin: bool,
    archived: bool,
    /// Transactions in it.
    count: u32,
}

impl CategoryView {
    fn new(category: &Category, count: u32) -> Self {
        Self {
            id: category.id.to_string(),
            name: category.name.to_string(),
            kind: match category.kind {
                CategoryKind::Expense => KindBody::Expense,
                CategoryKind::Income => KindBody::Income,
            },
            color: category.color.as_ref().map(|color| color.as_str().to_owned()),
            builtin: category.id.is_builtin(),
            archived: category.archived,
            count,
        }
    }
}

/// Categories of a book.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryList {
    data: Vec<CategoryView>,
}

/// A new category.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCategory)]
pub struct NewCategoryBody {
    id: Option<String>,
    name: String,
    kind: Option<KindBody>,
    #[schema(example = "#2f855a")]
    color: Option<String>,
}

impl NewCategoryBody {
    fn parse(self) -> Result<NewCategory, Problem> {
        let mut invalid = Invalid::new();
        let id = self.id.and_then(|text| invalid.take("/id", CategoryId::parse(&text)));
        let name = invalid.take("/name", Name::parse(&self.name));
        let color = self.color.and_then(|text| invalid.take("/color", Color::parse(&text)));
        let kind = match self.kind.unwrap_or(KindBody::Expense) {
            KindBody::Expense => CategoryKind::Expense,
            KindBody::Income => CategoryKind::Income,
        };
        match name {
            Some(name) if invalid.is_empty() => Ok(NewCategory { id, name, kind, color }),
            _ => Err(invalid.into()),
        }
    }
}

/// What is to become of a category.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CategoryPatch)]
pub struct CategoryPatchBody {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    color: Option<Option<String>>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    archived: Option<bool>,
}

impl CategoryPatchBody {
    fn parse(self) -> Result<CategoryPatch, Problem> {
        let mut invalid = Invalid::new();
        let name = self.name.and_then(|text| invalid.take("/name", Name::parse(&text)));
        let color =
            self.color.map(|color| color.and_then(|text| invalid.take("/color", Color::parse(&text))));
        invalid.check()?;
        Ok(CategoryPatch { name, color, archived: self.archived })
    }
}

/// All categories with the number of their transactions.
#[utoipa::path(get, path = "/api/v1/categories", tag = "categories", operation_id = "get_categories",
    responses((status = 200, body = CategoryList)))]
pub async fn list(caller: CurrentUser, registry: Data<Registry>) -> Result<HttpResponse, Problem> {
    let answered = registry.query(caller.owner(), ListCategories, caller.reader()).await?;
    let view = |item: &CategoryItem| CategoryView::new(&item.category, item.count);
    Ok(read(&answered).json(CategoryList { data: answered.output.iter().map(view).collect() }))
}

/// One category. Its `ETag` is the slot of its last change.
#[utoipa::path(get, path = "/api/v1/categories/{id}", tag = "categories", operation_id = "get_categories_by_id", params(("id" = String, Path)),
    responses((status = 200, body = CategoryView), (status = 404, body = crate::problem::ProblemDocument)))]
pub async fn get(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = category_id(&id)?;
    let answered = registry.query(caller.owner(), ListCategories, caller.reader()).await?;
    let item = answered.output.iter().find(|item| item.category.id == id).ok_or_else(unknown)?;
    Ok(read(&answered).insert_header(tag(item.changed)).json(CategoryView::new(&item.category, item.count)))
}

/// Adds a category.
#[utoipa::path(post, path = "/api/v1/categories", tag = "categories", operation_id = "post_categories", request_body = NewCategoryBody,
    responses((status = 201, body = CategoryView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn create(
    caller: CurrentUser,
    registry: Data<Registry>,
    Body(body): Body<NewCategoryBody>,
) -> Result<HttpResponse, Problem> {
    let envelope = caller.envelope("POST /categories", &body);
    let accepted = registry.command(caller.owner(), CreateCategory { new: body.parse()? }, envelope).await?;
    let view = CategoryView::new(&accepted.output, 0);
    Ok(written(StatusCode::CREATED, &accepted).insert_header(tag(accepted.version)).json(view))
}

/// Renames, colours or archives a category.
#[utoipa::path(patch, path = "/api/v1/categories/{id}", tag = "categories", operation_id = "patch_categories_by_id", params(("id" = String, Path)),
    request_body = CategoryPatchBody,
    responses((status = 200, body = CategoryView), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn amend(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
    Body(body): Body<CategoryPatchBody>,
) -> Result<HttpResponse, Problem> {
    let id = category_id(&id)?;
    let envelope = caller.envelope("PATCH /categories", &(&id, caller.expected, &body));
    let command = AmendCategory { id, patch: body.parse()?, expected: caller.expected };
    let accepted = registry.command(caller.owner(), command, envelope).await?;
    let AmendedCategory { category, count, changed } = &accepted.output;
    let changed = changed.unwrap_or(accepted.version);
    let view = CategoryView::new(category, *count);
    Ok(written(StatusCode::OK, &accepted).insert_header(tag(changed)).json(view))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RemoveQuery {
    /// The category that takes over the transactions.
    move_to: Option<String>,
}

/// Deletes a category of one's own; its transactions move to another one.
#[utoipa::path(delete, path = "/api/v1/categories/{id}", tag = "categories", operation_id = "delete_categories_by_id",
    params(("id" = String, Path), RemoveQuery),
    responses((status = 204), (status = "4XX", body = crate::problem::ProblemDocument)))]
pub async fn remove(
    caller: CurrentUser,
    registry: Data<Registry>,
    id: Path<String>,
    Query(query): Query<RemoveQuery>,
) -> Result<HttpResponse, Problem> {
    let id = category_id(&id)?;
    let move_to = query.move_to.as_deref().map(CategoryId::parse).transpose();
    let move_to = move_to.map_err(|error| Problem::invalid("?move_to", error))?;
    let envelope = caller.envelope("DELETE /categories", &(&id, &move_to, caller.expected));
    let command = RemoveCategory { id, move_to, expected: caller.expected };
    let accepted = registry.command(caller.owner(), command, envelope).await?;
    Ok(written(StatusCode::NO_CONTENT, &accepted).finish())
}

fn category_id(text: &str) -> Result<CategoryId, Problem> {
    CategoryId::parse(text).map_err(|_| unknown())
}

fn unknown() -> Problem {
    finbrain_domain::Error::NotFound { noun: "category" }.into()
}
