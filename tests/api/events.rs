//! `/events`: every entry as it is written, to every open tab.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    app::spawn_app,
    client::{Client, transaction},
};

/// Less than the time after which a stream looks for itself whether its session lives.
const AT_ONCE: Duration = Duration::from_secs(8);

/// An open stream of events.
struct Events {
    response: reqwest::Response,
    text: String,
}

#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: Option<u64>,
    data: Value,
}

impl Events {
    async fn open(client: &Client, query: &str, last: Option<u64>) -> Self {
        let request = client.get(&format!("/events{query}"));
        let request = match last {
            Some(id) => request.header("last-event-id", &id.to_string()),
            None => request,
        };
        let response = request.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(response.headers().contains_key("ledger-version"));
        Self { response, text: String::new() }
    }

    /// The next event; `None` when the server has closed the stream.
    async fn next(&mut self) -> Option<Event> {
        self.within(AT_ONCE).await
    }

    async fn within(&mut self, patience: Duration) -> Option<Event> {
        tokio::time::timeout(patience, self.read()).await.expect("an event comes in time")
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn versions(&mut self, count: usize) -> Vec<u64> {
        let mut versions = Vec::new();
        for _ in 0..count {
            let event = self.next().await.unwrap();
            assert_eq!(event.data["version"].as_u64(), event.id);
            versions.push(event.id.unwrap());
        }
        versions
    }
}

/// An event; comments and settings are none.
fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Event {
        name: field("event")?.to_owned(),
        id: field("id").map(|id| id.parse().unwrap()),
        data: serde_json::from_str(field("data")?).unwrap(),
    })
}

#[tokio::test]
async fn a_write_is_an_event_in_every_open_tab() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let phone = dana.login().await;
    let mut tabs = [Events::open(&dana, "", None).await, Events::open(&phone, "", None).await];

    let recorded = dana.record("zanzibar", "-1").await;

    for tab in &mut tabs {
        let event = tab.next().await.unwrap();
        assert_eq!((event.name.as_str(), event.id), ("change", Some(2)));
        assert_eq!(event.data["author"]["id"], dana.id);
        assert_eq!(event.data["changes"][0]["to"], recorded["transaction"]);
    }
}

#[tokio::test]
async fn nobody_hears_of_somebody_elses_book() {
    let app = spawn_app();
    let (dana, omer) = (app.register("Dana").await, app.register("Omer").await);
    let mut events = Events::open(&omer, "", None).await;

    dana.record("zanzibar", "-1").await;
    omer.record("mine", "-1").await;

    let event = events.next().await.unwrap();
    assert_eq!(event.data["changes"][0]["to"]["description"], "mine");
}

#[tokio::test]
async fn a_stream_resumes_behind_the_last_event_without_gap_or_double() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let mut events = Events::open(&dana, "", None).await;
    for _ in 0..3 {
        dana.record("zanzibar", "-1").await;
    }
    assert_eq!(events.versions(2).await, [2, 3]);
    drop(events);
    for _ in 0..600 {
        dana.record("meanwhile", "-1").await;
    }

    let mut resumed = Events::open(&dana, "", Some(3)).await;
    // Written while the stream catches up.
    let mut writes = Vec::new();
    for _ in 0..5 {
        writes.push(dana.record("now", "-1").await.version());
    }

    let versions = resumed.versions(606).await;
    assert_eq!(versions, (4..=609).collect::<Vec<u64>>());
    assert_eq!(writes.last(), Some(&609));
    let mut since = Events::open(&dana, "?since=607", None).await;
    assert_eq!(since.versions(2).await, [608, 609]);
    let mut both = Events::open(&dana, "?since=1", Some(608)).await;
    assert_eq!(both.versions(1).await, [609]);
}

#[tokio::test]
async fn a_large_event_says_only_that_there_is_something_to_read() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let mut events = Events::open(&dana, "", None).await;
    let rows = vec![transaction("zanzibar", "-1"); 500];

    dana.post("/transactions/bulk", json!({"transactions": rows})).is(201).await;

    let event = events.next().await.unwrap();
    assert_eq!(event.data, json!({"version": 2, "reload": true}));
    let changes = dana.get("/changes?since=1").is(200).await;
    assert_eq!(changes.data()[0]["changes"].as_array().unwrap().len(), 500);
}

#[tokio::test]
async fn an_access_fact_is_an_event_without_changes() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let _phone = dana.login().await;
    let mut events = Events::open(&dana, "", None).await;

    dana.delete("/sessions").is(204).await;
    dana.record("zanzibar", "-1").await;

    let event = events.next().await.unwrap();
    assert_eq!((event.id, &event.data["changes"]), (Some(2), &json!([])));
    assert_eq!(events.versions(1).await, [3], "this session goes on");
}

/// Asserts that the stream tells the end of its session and closes.
async fn ends(mut events: Events, reason: &str) {
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    let last = last.expect("it says why it closes");
    assert_eq!((last.name.as_str(), &last.data["reason"]), ("session", &json!(reason)));
}

#[tokio::test]
async fn the_end_of_a_session_closes_its_streams_and_no_others() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let phone = dana.login().await;
    let phone_events = Events::open(&phone, "", None).await;
    let mut events = Events::open(&dana, "", None).await;

    phone.post("/auth/logout", json!({})).is(204).await;

    ends(phone_events, "session_revoked").await;
    dana.record("zanzibar", "-1").await;
    assert_eq!(events.versions(2).await, [2, 3]);
}

#[tokio::test]
async fn a_session_that_is_ended_from_elsewhere_or_by_a_new_password_closes_its_streams() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let (phone, tablet) = (dana.login().await, dana.login().await);
    let streams = [Events::open(&phone, "", None).await, Events::open(&tablet, "", None).await];
    let id = phone.get("/session").await["id"].as_str().unwrap().to_owned();
    let [on_phone, on_tablet] = streams;

    dana.delete(&format!("/sessions/{id}")).is(204).await;
    ends(on_phone, "session_revoked").await;
    let change = json!({"current_password": crate::client::PASSWORD, "new_password": "mombasa bridge 99"});
    dana.post("/me/password", change).is(204).await;
    ends(on_tablet, "session_revoked").await;
}

#[tokio::test]
async fn a_session_that_runs_out_closes_its_streams_which_count_as_no_request() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let mut events = Events::open(&dana, "", None).await;

    app.clock.advance(91);

    let event = events.within(Duration::from_secs(20)).await.unwrap();
    assert_eq!((event.name.as_str(), &event.data["reason"]), ("session", &json!("session_expired")));
    assert_eq!(events.next().await, None);
    dana.get("/me").is(401).await;
}

#[tokio::test]
async fn a_closed_account_closes_its_streams() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let events = Events::open(&dana, "", None).await;

    dana.delete("/me").json(&json!({"password": crate::client::PASSWORD})).is(204).await;

    ends(events, "book_closed").await;
}

#[tokio::test]
async fn a_server_that_stops_closes_its_streams_and_the_next_one_resumes_them() {
    let mut app = spawn_app();
    let dana = app.register("Dana").await;
    let mut events = Events::open(&dana, "", None).await;
    dana.record("zanzibar", "-1").await;
    assert_eq!(events.versions(1).await, [2]);

    app.restart();

    assert_eq!(events.next().await, None);
    dana.record("zanzibar", "-1").await;
    assert_eq!(Events::open(&dana, "", Some(2)).await.versions(1).await, [3]);
}

#[tokio::test]
async fn a_stream_never_begins_before_what_its_reader_has_seen() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    dana.get("/events").header("ledger-min", "99").is(503).await;
    let stream = dana.get("/events").header("ledger-min", "1").open().await;

    assert_eq!(stream.status(), 200);
}
