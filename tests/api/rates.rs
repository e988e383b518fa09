//! `/currencies` and `/rates`, from the bundled history.

use serde_json::{Value, json};

use crate::app::spawn_app;

#[tokio::test]
async fn every_currency_of_the_world_is_known_with_its_digits() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let currencies = dana.get("/currencies").is(200).await;

    let find = |code: &str| currencies.data().iter().find(|currency| currency["code"] == code).cloned();
    assert!(currencies.data().len() > 150);
    assert!(currencies.column("code").is_sorted());
    for (code, digits, rates) in [("ILS", 2, true), ("JPY", 0, true), ("KWD", 3, false), ("EUR", 2, true)] {
        let currency = find(code).unwrap();
        assert_eq!((&currency["digits"], &currency["rates"]), (&json!(digits), &json!(rates)), "{code}");
        assert!(!currency["name"].as_str().unwrap().is_empty());
    }
    assert_eq!((find("XAU"), find("XXX")), (None, None));
}

#[tokio::test]
async fn rates_of_a_day_without_rates_are_those_before_it() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let friday = dana.get("/rates?date=2026-10-23&base=EUR&symbols=ILS,USD").is(200).await;
    let sunday = dana.get("/rates?date=2026-10-25&base=EUR&symbols=ILS,USD").is(200).await;

    assert_eq!(
        (&friday["base"], &friday["date"], &friday["source"]),
        (&json!("EUR"), &json!("2026-10-23"), &json!("ecb"))
    );
    assert_eq!(sunday["rates"], friday["rates"]);
    assert_eq!((&sunday["date"], &sunday["as_of"]), (&json!("2026-10-25"), &json!("2026-10-23")));
    assert_eq!(friday["rates"].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn the_inverse_of_a_rate_is_the_rate_of_the_inverse() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    let rate = async |base: &str, symbol: &str| -> f64 {
        let path = format!("/rates?date=2026-10-23&base={base}&symbols={symbol}");
        dana.get(&path).is(200).await["rates"][symbol].as_str().unwrap().parse().unwrap()
    };

    let (there, back) = (rate("ILS", "USD").await, rate("USD", "ILS").await);

    assert!((there * back - 1.0).abs() < 1e-6, "{there} * {back}");
}

#[tokio::test]
async fn a_rate_that_is_too_old_or_was_never_published_is_left_out() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    // The bundled history ends on 2026-10-30.
    let last = dana.get("/rates?date=2026-11-06&base=EUR&symbols=ILS").is(200).await;
    let old = dana.get("/rates?date=2026-11-07&base=EUR&symbols=ILS").is(200).await;
    let never = dana.get("/rates?date=2026-10-23&base=EUR&symbols=KWD").is(200).await;
    let before = dana.get("/rates?date=1950-01-01&base=USD").is(200).await;

    assert_eq!(last["as_of"], "2026-10-30");
    for answer in [&old, &never, &before] {
        assert_eq!((&answer["rates"], &answer["as_of"]), (&json!({}), &Value::Null), "{}", answer.text());
    }
}

#[tokio::test]
async fn without_parameters_it_is_today_in_euro() {
    let app = spawn_app();
    let dana = app.register("Dana").await;

    let today = dana.get("/rates").is(200).await;
    let day = dana.get("/rates?date=2026-10-23").is(200).await;

    assert_eq!((&today["base"], &today["date"]), (&json!("EUR"), &json!("2026-11-24")));
    assert!(day["rates"].as_object().unwrap().len() > 20);
    assert_eq!(dana.get("/rates?date=2026-11-25").is(422).await.code(), "invalid_query");
}
