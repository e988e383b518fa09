//! The login scenario tells a good server from a bad one. The servers are fakes that speak as much of the API as it uses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fake;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clap::Parser as _;
use fake::{Fake, Reply, Request, answer};
use finbrain_loadtest::logins::{Args, Mix, Report, run};

const LET_IN: &str = "set-cookie: finbrain_dev=token; Path=/\r\n";

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

/// What a server does that it should not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Vice {
    None,
    LetsEverybodyIn,
    RefusesEverybody,
    HidesWhenToComeBack,
    HangsUp,
    StallsOnce,
}

async fn report(vice: Vice) -> Report {
    report_of(Fake::start(move |request| reply(vice, request)).await, "one,many,wrong").await
}

async fn report_of(server: Fake, mix: &str) -> Report {
    let url = server.url();
    let line = ["test", "--url", &url, "--parallel", "200", "--rounds", "1", "--sessions", "3"];
    let line =
        line.into_iter().chain(["--hash-threads", "0", "--heartbeats", "100", "--reads", "50", "--mix", mix]);
    let args = Line::parse_from(line).args;
    let thresholds = args.thresholds.clone();
    let findings = tokio::task::spawn_blocking(move || run(&args)).await.unwrap().unwrap();
    Report::new(findings, &thresholds)
}

/// As the server would answer, but for its vice. Those who watch are always let in.
async fn reply(vice: Vice, request: Request) -> Reply {
    if request.path != "/api/v1/auth/login" {
        return answer(200, "", "{}");
    }
    let login: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let is_right = login["password"] == "load-test-password-7319";
    let number: u32 =
        login["email"].as_str().unwrap()["seed-".len()..].split('@').next().unwrap().parse().unwrap();
    let watches = number >= 201;
    match vice {
        _ if watches => answer(200, LET_IN, "{}"),
        Vice::LetsEverybodyIn => answer(200, LET_IN, "{}"),
        Vice::RefusesEverybody => answer(401, "", "{}"),
        Vice::HidesWhenToComeBack => answer(503, "", "{}"),
        Vice::HangsUp => None,
        Vice::None | Vice::StallsOnce if is_right => answer(200, LET_IN, "{}"),
        Vice::None | Vice::StallsOnce => answer(401, "", "{}"),
    }
}

fn missed(report: &Report) -> Vec<&str> {
    report.checks.iter().filter(|check| !check.holds).map(|check| check.what.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_as_it_should_is_found_good() {
    let networks: Arc<Mutex<std::collections::HashSet<String>>> = Arc::default();
    let seen = Arc::clone(&networks);
    let server = Fake::start(move |request: Request| {
        assert_eq!(request.headers["sec-fetch-site"], "same-origin");
        seen.lock().unwrap().insert(request.headers["x-forwarded-for"].clone());
        reply(Vice::None, request)
    });

    let report = report_of(server.await, "one,many,wrong").await;

    assert!(report.holds(), "{}", report.tables());
    assert_eq!(report.logins[&Mix::One].statuses[&200].count, 200);
    assert_eq!(report.logins[&Mix::Many].statuses[&200].count, 200);
    assert_eq!(report.logins[&Mix::Wrong].statuses[&401].count, 200);
    assert_eq!(networks.lock().unwrap().len(), 203, "each user has a network of their own");
    assert!(report.tables().contains("| many accounts"), "{}", report.tables());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_that_is_let_in_is_found() {
    let report = report(Vice::LetsEverybodyIn).await;

    assert_eq!(missed(&report), ["wrong verdicts", "wrong passwords: refused for their password"]);
    assert_eq!(report.logins[&Mix::Wrong].wrong_verdicts, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_that_is_refused_is_found() {
    let report = report(Vice::RefusesEverybody).await;

    assert_eq!(missed(&report), ["wrong verdicts", "one account: let in", "many accounts: let in"]);
    assert_eq!(report.logins[&Mix::Many].wrong_verdicts, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_turns_all_away_without_a_word_when_to_come_back_is_found() {
    let report = report(Vice::HidesWhenToComeBack).await;

    assert!(missed(&report).contains(&"answers other than 200, 401, 429 and 503 as they should be"));
    assert_eq!(report.logins[&Mix::One].strange, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_is_found_with_the_cause() {
    let report = report(Vice::HangsUp).await;

    assert!(missed(&report).contains(&"logins without an answer"));
    assert_eq!(report.logins[&Mix::One].broken.values().sum::<u64>(), 200);
    assert!(report.tables().contains("closed without an answer"), "{}", report.tables());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_once_delays_all_heartbeats_that_were_meant_to_be_sent_meanwhile() {
    let storms = Arc::new(AtomicUsize::new(0));
    let stall = Arc::new(tokio::sync::RwLock::new(()));
    let server = Fake::start(move |request: Request| {
        let (storms, stall) = (Arc::clone(&storms), Arc::clone(&stall));
        async move {
            if request.path == "/api/v1/auth/login" && storms.fetch_add(1, Ordering::SeqCst) == 100 {
                let _everybody_waits = stall.write().await;
                tokio::time::sleep(Duration::from_millis(600)).await;
            } else {
                let _goes_on = stall.read().await;
            }
            reply(Vice::StallsOnce, request).await
        }
    });

    let report = report_of(server.await, "one").await;

    assert_eq!(missed(&report), ["heartbeats during the storms, p99"]);
    // Of 100 a second, those of 600 ms came late by 300 ms on average: not just the one of each person that waited.
    assert!(report.watchers["heartbeats"].stormy.p90_ms > 100.0, "{}", report.tables());
}
