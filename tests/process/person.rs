//! A person with an account, and their browser.

use std::io;

use serde_json::{Value, json};

use crate::{
    program::Server,
    wire::{Answer, Connection},
};

pub const PASSWORD: &str = "nine-lanterns-over-the-quay";

/// A signed-in person. The cookie outlives the server that gave it.
#[derive(Debug, Clone)]
pub struct Person {
    pub cookie: String,
}

impl Person {
    #[track_caller]
    pub fn register(server: &Server, email: &str) -> Self {
        let body = json!({"email": email, "password": PASSWORD, "name": "Noa", "base_currency": "ILS"});
        Self::signed_in(&Client::anonymous(server).post("/auth/register", &body).expect(201))
    }

    #[track_caller]
    pub fn login(server: &Server, email: &str, password: &str) -> Self {
        let body = json!({"email": email, "password": password});
        Self::signed_in(&Client::anonymous(server).post("/auth/login", &body).expect(200))
    }

    fn signed_in(answer: &Answer) -> Self {
        let cookie = answer.header("set-cookie").expect("signing in sets a cookie");
        Self { cookie: cookie.split(';').next().unwrap_or_default().to_owned() }
    }

    /// A browser of this person, on a connection of its own.
    pub fn on(&self, server: &Server) -> Client {
        Client {
            connection: Connection::to(server.address),
            cookie: Some(self.cookie.clone()),
            host: server.address.to_string(),
        }
    }
}

/// A browser.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    cookie: Option<String>,
    host: String,
}

impl Client {
    pub fn anonymous(server: &Server) -> Self {
        Self { connection: Connection::to(server.address), cookie: None, host: server.address.to_string() }
    }

    /// Sends a request to the API; an error means that nobody answered.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> io::Result<Answer> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        self.connection.send(&self.head(method, path, key), body.as_bytes())
    }

    /// The head of a request, without its last lines.
    pub fn head(&self, method: &str, path: &str, key: Option<&str>) -> String {
        let host = &self.host;
        let mut head =
            format!("{method} /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n");
        if let Some(cookie) = &self.cookie {
            head += &format!("Cookie: {cookie}\r\n");
        }
        if let Some(key) = key {
            head += &format!("Idempotency-Key: {key}\r\n");
        }
        if method != "GET" {
            head += "Content-Type: application/json\r\n";
        }
        head
    }

    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None, None).unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    #[track_caller]
    pub fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, None, Some(body)).unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Every page of a list, one behind the other.
    #[track_caller]
    pub fn all(&mut self, path: &str, parameter: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut page = path.to_owned();
        loop {
            let mut answer = self.get(&page).expect(200).json();
            let Value::Array(data) = answer["data"].take() else { panic!("no data in {answer}") };
            found.extend(data);
            let Some(next) = answer["page"]["next"].as_str() else { return found };
            page = format!("{path}&{parameter}={next}");
        }
    }

    /// Every entry behind a version. Panics when one is missing, twice or out of order.
    #[track_caller]
    pub fn changes_since(&mut self, version: u64) -> Vec<Value> {
        let mut found = Vec::new();
        let mut since = version;
        loop {
            let answer = self.get(&format!("/changes?since={since}&limit=500")).expect(200);
            let head = answer.version();
            let Value::Array(data) = answer.json()["data"].take() else { panic!("no data") };
            for entry in &data {
                since += 1;
                assert_eq!(entry["version"], since, "versions are contiguous");
            }
            found.extend(data);
            if since == head {
                return found;
            }
        }
    }
}

/// A small expense.
pub fn expense(description: &str) -> Value {
    json!({"date": "2026-10-15", "description": description, "amount": "-1.25", "currency": "ILS"})
}
