//! The one client of these tests. It looks at every answer for what every answer promises.

use std::{
    future::{Future, IntoFuture},
    ops::Index,
    pin::Pin,
    sync::{Arc, Mutex, RwLock},
};

use reqwest::{
    Method,
    header::{CONTENT_TYPE, COOKIE, HeaderMap, ORIGIN, SET_COOKIE},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::Places;

pub const PASSWORD: &str = "zanzibar ferry at noon 4711";
const COOKIE_NAME: &str = "finbrain_dev";

/// A browser: it keeps the session's cookie and says where it comes from.
pub struct Client {
    http: reqwest::Client,
    places: Arc<RwLock<Places>>,
    cookie: Mutex<Option<String>>,
}

/// Somebody who is signed in.
pub struct Person {
    client: Client,
    pub email: String,
    pub id: String,
}

impl std::ops::Deref for Person {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Client {
    pub fn new(http: reqwest::Client, places: Arc<RwLock<Places>>) -> Self {
        Self { http, places, cookie: Mutex::new(None) }
    }

    /// The same browser after its user deleted the cookies.
    pub fn fresh(&self) -> Self {
        Self::new(self.http.clone(), Arc::clone(&self.places))
    }

    /// A copy with the same cookie, as it is now.
    pub fn copy(&self) -> Self {
        let copy = self.fresh();
        copy.cookie.lock().unwrap().clone_from(&self.cookie.lock().unwrap());
        copy
    }

    pub async fn register(self, name: &str) -> Person {
        let email = format!("{}@private.example", name.to_lowercase());
        let body = json!({"email": email, "password": PASSWORD, "name": name, "base_currency": "ILS"});
        let answer = self.post("/auth/register", body).is(201).await;
        let id = answer["user"]["id"].as_str().unwrap().to_owned();
        Person { client: self, email, id }
    }

    pub fn get(&self, path: &str) -> Request<'_> {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Request<'_> {
        self.request(Method::POST, path).json(&body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Request<'_> {
        self.request(Method::PATCH, path).json(&body)
    }

    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request(Method::DELETE, path)
    }

    /// A request to a path of the API; a path that starts with `//` is taken as it is, without the first slash.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        let unsafe_method = !matches!(method, Method::GET | Method::HEAD);
        let mut request = Request {
            client: self,
            method,
            path: path
                .strip_prefix('/')
                .filter(|path| path.starts_with('/'))
                .map_or_else(|| format!("/api/v1{path}"), ToOwned::to_owned),
            headers: Vec::new(),
            body: None,
            status: None,
        };
        if unsafe_method {
            request = request.header(ORIGIN.as_str(), &self.origin());
        }
        match self.cookie.lock().unwrap().as_ref() {
            Some(cookie) => request.header(COOKIE.as_str(), &format!("{COOKIE_NAME}={cookie}")),
            None => request,
        }
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.places.read().unwrap().public)
    }

    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    /// The version of the book.
    pub async fn version(&self) -> u64 {
        self.get("/me").is(200).await.version()
    }

    /// Keeps what the server sets, and looks whether it is set as it should be.
    fn keep(&self, headers: &HeaderMap) {
        for set in headers.get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, rest) = set.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            assert_eq!(name, COOKIE_NAME);
            for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
                assert!(attributes.contains(attribute), "{attributes} lacks {attribute}");
            }
            *self.cookie.lock().unwrap() = (!value.is_empty()).then(|| value.to_owned());
        }
    }
}

impl Person {
    pub async fn login(&self) -> Person {
        let client = self.client.fresh();
        let body = json!({"email": self.email, "password": PASSWORD});
        client.post("/auth/login", body).is(200).await;
        Person { client, email: self.email.clone(), id: self.id.clone() }
    }

    /// Records an expense (or income) of today, in the base currency.
    pub async fn record(&self, description: &str, amount: &str) -> Answer {
        self.post("/transactions", transaction(description, amount)).is(201).await
    }

    /// Records a transaction and gives its id.
    pub async fn recorded(&self, body: Value) -> String {
        let answer = self.post("/transactions", body).is(201).await;
        answer["transaction"]["id"].as_str().unwrap().to_owned()
    }
}

/// The body of a transaction of today.
pub fn transaction(description: &str, amount: &str) -> Value {
    json!({"date": crate::app::TODAY, "description": description, "amount": amount, "currency": "ILS"})
}

/// The fields of `change` over those of `base`.
pub fn with(mut base: Value, change: Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

/// A request that is sent when it is awaited.
pub struct Request<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    status: Option<u16>,
}

impl<'a> Request<'a> {
    /// Sets a header, instead of the one that is there.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    /// Sets a header beside the one that is there.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string(), "application/json")
    }

    /// A body that need not be JSON.
    pub fn raw(mut self, body: impl Into<Vec<u8>>, media_type: &str) -> Self {
        self.body = Some(body.into());
        if media_type.is_empty() { self } else { self.header(CONTENT_TYPE.as_str(), media_type) }
    }

    /// The status that the answer must have.
    pub fn is(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sends the request and gives the answer as it begins, for streams.
    pub async fn open(self) -> reqwest::Response {
        let url = format!("{}{}", self.client.origin(), self.path);
        let mut request = self.client.http.request(self.method, url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = self.body {
            request = request.body(body);
        }
        request.send().await.unwrap()
    }

    async fn send(self) -> Answer {
        let (client, status) = (self.client, self.status);
        let what = format!("{} {}", self.method, self.path);
        let response = self.open().await;
        let answer = Answer {
            what,
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
            json: Value::Null,
        };
        client.keep(&answer.headers);
        let answer = answer.checked();
        if let Some(status) = status {
            assert_eq!(answer.status, status, "{}: {}", answer.what, answer.text());
        }
        answer
    }
}

impl<'a> IntoFuture for Request<'a> {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

#[derive(Debug)]
pub struct Answer {
    what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub json: Value,
}

impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.json[field]
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The version of the book that the answer is of.
    pub fn version(&self) -> u64 {
        let version = self.header("ledger-version");
        version.unwrap_or_else(|| panic!("{} has no Ledger-Version", self.what)).parse().unwrap()
    }

    pub fn entry(&self) -> String {
        self.header("entry-id").unwrap_or_else(|| panic!("{} has no Entry-Id", self.what)).to_owned()
    }

    pub fn etag(&self) -> &str {
        self.header("etag").unwrap_or_else(|| panic!("{} has no ETag", self.what))
    }

    /// The code of a problem.
    pub fn code(&self) -> &str {
        self["code"].as_str().unwrap_or_else(|| panic!("{} is no problem: {}", self.what, self.text()))
    }

    pub fn data(&self) -> &[Value] {
        self["data"].as_array().unwrap_or_else(|| panic!("{} has no data: {}", self.what, self.text()))
    }

    /// One field of every row.
    pub fn column(&self, field: &str) -> Vec<&str> {
        self.data().iter().map(|row| row[field].as_str().unwrap()).collect()
    }

    /// What every answer promises, whatever it is about.
    fn checked(mut self) -> Self {
        let what = format!("{} -> {} {}", self.what, self.status, self.text());
        let said = |name: &str| self.header(name).unwrap_or_else(|| panic!("{what} lacks {name}"));
        assert_ne!(self.status, 500, "{what}");
        let id: Uuid = said("x-request-id").parse().unwrap();
        assert_eq!(said("x-content-type-options"), "nosniff");
        assert_eq!(said("referrer-policy"), "no-referrer");
        assert_eq!(said("cross-origin-opener-policy"), "same-origin");
        assert!(said("content-security-policy").starts_with("default-src 'none'"));
        let api = self.what.contains(" /api/");
        if api {
            assert_eq!(said("cache-control"), "no-store", "{what}");
        }
        if matches!(self.status, 429 | 503) {
            assert!(said("retry-after").parse::<u64>().unwrap() >= 1, "{what}");
        }
        if self.status == 401 {
            said("www-authenticate");
        }
        let is_head = self.what.starts_with("HEAD ");
        let empty = is_head || matches!(self.status, 202 | 204 | 304);
        if empty {
            assert!(self.body.is_empty(), "{what}");
        } else if api {
            let media_type = if self.status < 400 { "application/json" } else { "application/problem+json" };
            assert_eq!(said("content-type"), media_type, "{what}");
            self.json = serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{what} is no JSON"));
        }
        if self.status >= 400 && api && !is_head {
            self.check_problem(&what, id);
        }
        self
    }

    fn check_problem(&self, what: &str, id: Uuid) {
        let fields: Vec<&str> = self.json.as_object().unwrap().keys().map(String::as_str).collect();
        for field in ["type", "title", "status", "detail", "code", "errors", "request_id"] {
            assert!(fields.contains(&field), "{what} lacks {field}");
        }
        assert_eq!(self["status"], self.status, "{what}");
        assert_eq!(self["request_id"], id.to_string(), "{what}");
        assert_eq!(self["type"], format!("/problems/{}", self.code()), "{what}");
        assert!(self["detail"].as_str().unwrap().ends_with('.'), "{what}");
    }
}
