//! What comes out of Redis is believed only under our signature.

use finbrain_domain::ports::Limit;

use super::*;

#[tokio::test]
async fn a_session_that_was_tampered_with_is_unknown_and_can_be_restored() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let [ours, theirs] = [session(now()), session(now())];
    for session in [&ours, &theirs] {
        shared.admit(session.clone(), now()).await.unwrap();
    }
    let client = redis::Client::open(redis.url()).unwrap();
    let mut wire = client.get_multiplexed_async_connection().await.unwrap();
    let mut sealed_of = async |session: &Session| -> Vec<u8> {
        redis::cmd("HGET").arg(key_of(session)).arg("sealed").query_async(&mut wire).await.unwrap()
    };
    let (mine, sealed) = (sealed_of(&ours).await, sealed_of(&theirs).await);
    // Our session with another person's name in it.
    let (from, to) = (ours.user.to_string(), theirs.user.to_string());
    let place = mine.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    let mut forged = mine.clone();
    forged[place..place + to.len()].copy_from_slice(to.as_bytes());

    // Another person's session under our token, the forged one, it without a signature, and none.
    for tampered in [&sealed[..], &forged, &forged[32..], b""] {
        redis::cmd("HSET")
            .arg(key_of(&ours))
            .arg("sealed")
            .arg(tampered)
            .exec_async(&mut wire)
            .await
            .unwrap();

        assert_eq!(touch(&shared, ours.token, now()).await, Err(TouchRefused::Unknown));
        assert_eq!(shared.alive(ours.user, now()).await.unwrap(), []);

        shared.admit(ours.clone(), now()).await.unwrap();
        assert_eq!(touch(&shared, ours.token, now()).await.unwrap().user, ours.user);
    }
}

#[tokio::test]
async fn a_list_that_names_another_persons_session_does_not_show_it() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let [ours, theirs] = [session(now()), session(now())];
    for session in [&ours, &theirs] {
        shared.admit(session.clone(), now()).await.unwrap();
    }

    let list = format!("finbrain:1:sessions-of:{}", ours.user);
    redis.command(&["ZADD", &list, "9e15", &theirs.token.to_string()]).await.unwrap();
    redis.command(&["ZADD", &list, "9e15", "no token"]).await.unwrap();

    let alive = shared.alive(ours.user, now()).await.unwrap();
    assert_eq!(alive.iter().map(|session| session.id).collect::<Vec<_>>(), [ours.id]);
}

#[tokio::test]
async fn values_of_the_wrong_kind_heal_themselves() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let ours = session(now());
    let list = format!("finbrain:1:sessions-of:{}", ours.user);
    for key in [&key_of(&ours), &list] {
        redis.command(&["SET", key, "nonsense"]).await.unwrap();
    }

    assert_eq!(touch(&shared, ours.token, now()).await, Err(TouchRefused::Unknown));
    shared.admit(ours.clone(), now()).await.unwrap();

    assert!(touch(&shared, ours.token, now()).await.is_ok());
    assert_eq!(shared.alive(ours.user, now()).await.unwrap().len(), 1);
    for field in ["created", "seen", "active", "full"] {
        redis.command(&["HSET", &key_of(&ours), field, "nonsense"]).await.unwrap();
        let answer = touch(&shared, ours.token, now()).await;
        assert!(answer.is_ok() == (field == "full"), "{field}: {answer:?}");
        assert!(shared.alive(ours.user, now()).await.is_ok(), "{field}");
        shared.admit(ours.clone(), now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_that_redis_keeps_alive_for_ever_is_handed_to_the_durable_store_to_judge() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let old = session(after(now(), -15 * 3600));
    let recent = Session { last_seen_at: now(), last_active_at: now(), ..old };
    // As if it were new.
    shared.admit(recent.clone(), recent.created_at).await.unwrap();

    assert_eq!(touch(&shared, recent.token, now()).await, Err(TouchRefused::Unknown));
}

#[tokio::test]
async fn another_key_makes_another_world() {
    let redis = RedisServer::start().await.unwrap();
    let shared = connect(&redis).await;
    let other = RedisSettings { key: [8; 32], ..settings(redis.url()) };
    let other = RedisShared::connect(other).await.unwrap();
    let ours = session(now());
    shared.admit(ours.clone(), now()).await.unwrap();

    assert_eq!(touch(&other, ours.token, now()).await, Err(TouchRefused::Unknown));
    let limit = async |pod: &RedisShared| {
        pod.limit(Limit { name: "x", key: "y", per_minute: 1, burst: 1, now: now() }).await
    };
    assert_eq!(limit(&shared).await, Ok(Ok(())));
    assert_eq!(limit(&other).await, Ok(Ok(())));
}

#[tokio::test]
async fn settings_show_no_secret() {
    let settings = RedisSettings { authority: Some(b"hush".to_vec()), ..settings("redis://user:hush@host") };

    let shown = format!("{settings:?}");

    assert!(!shown.contains("hush") && !shown.contains('7'), "{shown}");
}
