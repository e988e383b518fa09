//! `/accounts`: where money lies.

use serde_json::json;

use crate::app::spawn_app;

#[tokio::test]
async fn the_account_has_the_sum_of_its_rows() {
    let app = spawn_app();
    let dana = app.register("Dana").await;
    dana.record("zanzibar", "-10.50").await;
    dana.record("salary", "100").await;
    let dinar = json!({"date": "2026-11-02", "description": "x", "amount": "-1.234", "currency": "KWD"});
    dana.recorded(dinar).await;

    let accounts = dana.get("/accounts").is(200).await;

    let [cash] = accounts.data() else { panic!("{}", accounts.text()) };
    assert_eq!(
        (&cash["name"], &cash["currency"], &cash["balance"]),
        (&json!("Cash"), &json!("ILS"), &json!("89.50"))
    );
    assert_eq!(cash["unconverted"], json!([{"currency": "KWD", "amount": "-1.234", "count": 1}]));
}
