//! One round trip a request, and whose clock decides.

use finbrain_domain::{
    ports::{Clock, Limit, TouchRefused},
    session::Ended,
};

use super::*;

/// How often each command that runs a script was called.
async fn scripts_run(redis: &RedisServer) -> u64 {
    let stats = text(redis, &["INFO", "commandstats"]).await;
    let calls = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let is_script = ["eval", "evalsha", "fcall"].contains(&name);
        is_script.then(|| rest.split(',').next()?.parse::<u64>().ok())?
    };
    stats.lines().filter_map(calls).sum()
}

#[tokio::test]
async fn a_request_waits_for_one_round_trip() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let session = session(now());
    shared.admit(session.clone(), now()).await.unwrap();
    redis.command(&["CONFIG", "RESETSTAT"]).await.unwrap();

    for _ in 0..100 {
        assert!(touch(&shared, session.token, now()).await.is_ok());
    }

    assert_eq!(scripts_run(&redis).await, 100);
    let stats = text(&redis, &["INFO", "commandstats"]).await;
    for loaded in ["cmdstat_get:", "cmdstat_script|load:", "cmdstat_hgetall:"] {
        assert!(!stats.contains(loaded), "{stats}");
    }
}

#[tokio::test]
async fn a_pod_whose_clock_is_an_hour_off_ends_no_session_and_lengthens_none() {
    let redis = RedisServer::start().await.unwrap();
    let (right, wrong) = (connect(&redis).await, connect(&redis).await);
    for off in [3600, -3600] {
        let session = session(now());
        right.admit(session.clone(), now()).await.unwrap();

        let theirs = touch(&wrong, session.token, after(now(), off)).await.unwrap();
        let listed = wrong.alive(session.user, after(now(), off)).await.unwrap();
        let ours = touch(&right, session.token, now()).await.unwrap();

        // Each may compare with its own clock.
        for seen in [&theirs, &listed[0]] {
            let age = after(now(), off).duration_since(seen.last_seen_at);
            assert!(age.as_secs() < 60 && age.as_secs() > -60, "{age}");
        }
        assert!(now().duration_since(ours.last_seen_at).abs().as_secs() < 60);
        // What the durable store learns is by Redis's clock.
        let seen = wrong.drain_seen().await.unwrap();
        assert_eq!(seen.len(), 1);
        assert!(now().duration_since(seen[0].seen_at).abs().as_secs() < 60);
    }
}

#[tokio::test]
async fn a_session_admitted_by_a_wrong_clock_ends_when_it_should() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    for off in [3600, -3600] {
        let theirs = after(now(), off);
        // By their clock it was last seen 100 seconds ago, which is past its end and known still.
        let old = Session { last_seen_at: after(theirs, -100), ..session(after(theirs, -110)) };
        let fresh = session(theirs);

        shared.admit(old.clone(), theirs).await.unwrap();
        shared.admit(fresh.clone(), theirs).await.unwrap();

        assert_eq!(touch(&shared, old.token, now()).await, Err(TouchRefused::Ended(Ended::Idle)), "{off}");
        assert!(touch(&shared, fresh.token, now()).await.is_ok(), "{off}");
        let left = text(&redis, &["PTTL", &key_of(&fresh)]).await.parse::<i64>().unwrap();
        assert!((60_000..=120_000).contains(&left), "{left} ms");
    }
}

#[tokio::test]
async fn the_clock_of_sessions_is_set_right_by_the_first_answer() {
    struct Off(i64);
    impl Clock for Off {
        fn now(&self) -> Timestamp {
            after(now(), self.0)
        }
    }
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    for off in [3600, -3600] {
        let clock = shared.clock(Arc::new(Off(off)));

        let _ = touch(&shared, Digest::ZERO, clock.now()).await;

        assert!(clock.now().duration_since(now()).abs().as_secs() < 30, "{off}");
    }
}

#[tokio::test]
async fn a_limit_counts_across_pods_whatever_their_clocks_say() {
    let redis = RedisServer::start().await.unwrap();
    let (one, two) = (connect(&redis).await, connect(&redis).await);
    let count = async |pod: &RedisShared, off| {
        let now = after(now(), off);
        pod.limit(Limit { name: "login", key: "203.0.113.0/24", per_minute: 1, burst: 3, now }).await.unwrap()
    };

    let counted = [count(&one, 0).await, count(&two, 3600).await, count(&two, -3600).await];

    assert_eq!(counted, [Ok(()); 3]);
    for (pod, off) in [(&one, 0), (&two, 3600), (&two, -3600)] {
        let wait = count(pod, off).await.unwrap_err();
        assert!(wait <= Duration::from_secs(60), "{wait:?}");
    }
    assert!(keys(&redis).await.iter().all(|key| key.starts_with("finbrain:1:") && !key.contains("203")));
}

#[tokio::test]
async fn redis_forgets_by_itself_whatever_is_written() {
    let redis = RedisServer::start().await.unwrap();
    let shared = Arc::new(connect(&redis).await);

    use_all(&shared).await;

    let written = keys(&redis).await;
    assert!(written.len() >= 3, "{written:?}");
    for key in written {
        let left = text(&redis, &["PTTL", &key]).await.parse::<i64>().unwrap();
        assert!(left > 0 && left <= 12 * 3_600_000, "{key} stays for {left} ms");
    }
}
