//! Bad input, as tables: the right status and code, a problem document, nothing written, nothing told to the log.

mod documents;
mod provenance;
mod queries;
mod values;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    app::{App, spawn_app},
    client::{Client, Person, transaction, with},
};

/// All tables together are at least so many cases.
const LEAST: usize = 400;

/// One request that must be refused.
#[derive(Debug, Clone)]
struct Case {
    method: Method,
    path: String,
    body: Option<(Vec<u8>, String)>,
    headers: Vec<(&'static str, Option<String>)>,
    status: u16,
    code: &'static str,
}

impl Case {
    fn new(method: Method, path: impl Into<String>, status: u16, code: &'static str) -> Self {
        Self { method, path: path.into(), body: None, headers: Vec::new(), status, code }
    }

    fn json(self, body: &Value) -> Self {
        self.raw(body.to_string(), "application/json")
    }

    fn raw(self, body: impl Into<Vec<u8>>, media_type: &str) -> Self {
        Self { body: Some((body.into(), media_type.to_owned())), ..self }
    }

    /// Sets a header, or leaves it out.
    fn header(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers.push((name, value.map(ToOwned::to_owned)));
        self
    }

    async fn is_refused(&self, client: &Client) {
        let mut request = client.request(self.method.clone(), &self.path);
        if let Some((body, media_type)) = &self.body {
            request = request.raw(body.clone(), media_type);
        }
        for (name, value) in &self.headers {
            request = match value {
                Some(value) => request.header(name, value),
                None => request.without(name),
            };
        }
        let answer = request.await;
        let shown = self.body.as_ref().map(|(body, _)| String::from_utf8_lossy(&body[..body.len().min(200)]));
        let what = format!("{} {} {shown:?} {:?}: {}", self.method, self.path, self.headers, answer.text());
        assert_eq!((answer.status, answer.code()), (self.status, self.code), "{what}");
    }
}

/// Two people and what they have, for paths and bodies to name.
struct Stage {
    app: App,
    dana: Person,
    /// Danas.
    transaction: String,
    category: String,
    /// Of somebody else.
    foreign_transaction: String,
    foreign_category: String,
    foreign_account: String,
    foreign_session: String,
    foreign_entry: String,
}

impl Stage {
    async fn set() -> Self {
        let app = spawn_app();
        let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
        let category = async |person: &Person| {
            let made = person.post("/categories", json!({"name": "Boats"})).is(201).await;
            made["id"].as_str().unwrap().to_owned()
        };
        let entry = omer.record("zanzibar", "-77123.01").await.entry();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let account = text(&omer.get("/accounts").await.data()[0]["id"]);
        let session = text(&omer.get("/session").await["id"]);
        let known = with(transaction("zanzibar", "-1"), json!({"external_id": "taken"}));
        Self {
            transaction: dana.recorded(known).await,
            category: category(&dana).await,
            foreign_transaction: omer.recorded(transaction("zanzibar", "-1")).await,
            foreign_category: category(&omer).await,
            foreign_account: account,
            foreign_session: session,
            foreign_entry: entry,
            app,
            dana,
        }
    }

    /// Every case is refused and leaves the book as it is.
    async fn refuses(&self, cases: &[Case]) {
        let version = self.dana.version().await;
        for case in cases {
            case.is_refused(&self.dana).await;
            assert_eq!(self.dana.version().await, version, "{case:?} wrote something");
        }
    }

    /// Every unsafe endpoint, with a body that it would take.
    fn writes(&self) -> Vec<(Method, String, Value)> {
        let credentials = json!({"email": "noa@private.example", "password": crate::client::PASSWORD});
        let passwords =
            json!({"current_password": crate::client::PASSWORD, "new_password": "mombasa bridge 99"});
        let (post, patch, delete) = (Method::POST, Method::PATCH, Method::DELETE);
        let row = format!("/transactions/{}", self.transaction);
        let category = format!("/categories/{}", self.category);
        let body = transaction("zanzibar", "-77123.55");
        let writes = [
            (&post, "/auth/register", with(credentials.clone(), json!({"name": "Noa"}))),
            (&post, "/auth/login", credentials.clone()),
            (&post, "/auth/demo", json!({})),
            (&post, "/auth/demo/keep", credentials),
            (&patch, "/me", json!({"name": "Zanzibar"})),
            (&post, "/me/password", passwords),
            (&delete, "/me", json!({"password": crate::client::PASSWORD})),
            (&post, "/session/heartbeat", json!({"active": true})),
            (&post, "/transactions", body.clone()),
            (&post, "/transactions/bulk", json!({"transactions": [body]})),
            (&post, "/transactions/suggest", json!({"description": "zanzibar"})),
            (&patch, &row, json!({"note": "zanzibar"})),
            (&post, "/categories", json!({"name": "Zanzibar"})),
            (&patch, &category, json!({"name": "Zanzibar"})),
            (&post, "/undo", json!({})),
            (&post, "/redo", json!({})),
        ];
        writes.into_iter().map(|(method, path, body)| (method.clone(), path.to_owned(), body)).collect()
    }

    /// Those that take no body.
    fn bare_writes(&self) -> Vec<(Method, String)> {
        vec![
            (Method::POST, "/auth/logout".into()),
            (Method::DELETE, "/sessions".into()),
            (Method::DELETE, format!("/sessions/{}", self.foreign_session)),
            (Method::DELETE, format!("/transactions/{}", self.transaction)),
            (Method::DELETE, format!("/categories/{}", self.category)),
            (Method::POST, "/classifier/retrain".into()),
        ]
    }
}

#[tokio::test]
async fn there_are_enough_cases() {
    let stage = Stage::set().await;

    let count = [
        values::cases(&stage).len(),
        queries::cases(&stage).len(),
        documents::cases(&stage).len(),
        provenance::cases(&stage).len(),
    ];

    assert!(count.iter().sum::<usize>() >= LEAST, "{count:?}");
}
