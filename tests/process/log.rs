//! The log tells what happens and never to whom: no address, secret, text or amount of a person is in it.

use serde_json::json;

use crate::{
    person::{Client, Person},
    program::Server,
};

const EMAIL: &str = "quokkazebra@lighthouse.example.org";
const PASSWORD: &str = "Wren-Harbour-55-Saffron";
const WRONG: &str = "Wrong-Harbour-66-Saffron";
const NAME: &str = "Quillon Ashgrove";
const DESCRIPTION: &str = "xylophone for Ottoline";
const NOTE: &str = "hidden in the pergola";
const TAG: &str = "tangelo";
const PAYEE: &str = "Marzipan Brothers";
const AMOUNT: &str = "7391.37";
const KEY: &str = "key-of-this-purchase-8842";

/// Everything that a person does in a session, what is refused included.
fn live(server: &Server) -> Person {
    let account = json!({"email": EMAIL, "password": PASSWORD, "name": NAME, "base_currency": "EUR"});
    Client::anonymous(server).post("/auth/register", &account).expect(201);
    Client::anonymous(server).post("/auth/register", &account).expect(409);
    Client::anonymous(server).post("/auth/login", &json!({"email": EMAIL, "password": WRONG})).expect(401);
    let weak = json!({"email": EMAIL, "password": "x", "name": NAME});
    Client::anonymous(server).post("/auth/register", &weak).expect(422);
    let person = Person::login(server, EMAIL, PASSWORD);
    let mut client = person.on(server);
    record(&mut client);
    look_around(&mut client);
    let change = json!({"current_password": WRONG, "new_password": PASSWORD});
    client.post("/me/password", &change);
    let mut stranger = Person { cookie: format!("{}x", person.cookie) }.on(server);
    stranger.get("/me").expect(401);
    client.send("POST", "/auth/logout", None, None).unwrap().expect(204);
    person
}

fn record(client: &mut Client) {
    let row = json!({
        "date": "2026-10-15", "description": DESCRIPTION, "amount": format!("-{AMOUNT}"), "currency": "USD",
        "tags": [TAG], "note": NOTE, "payee": PAYEE,
    });
    for _ in 0..2 {
        client.send("POST", "/transactions", Some(KEY), Some(&row)).unwrap().expect(201);
    }
    client.post("/transactions/bulk", &json!({"transactions": [row]})).expect(201);
    client.post("/transactions/suggest", &json!({"description": DESCRIPTION})).expect(200);
    let mut wrong = row;
    wrong["currency"] = DESCRIPTION.into();
    wrong["amount"] = format!("-{AMOUNT}999").into();
    client.send("POST", "/transactions", Some(KEY), Some(&wrong)).unwrap().expect(422);
    wrong["date"] = NOTE.into();
    wrong[DESCRIPTION] = NOTE.into();
    client.post("/transactions", &wrong).expect(422);
    client.post("/transactions", &json!(DESCRIPTION));
}

fn look_around(client: &mut Client) {
    let text = DESCRIPTION.replace(' ', "%20");
    let listed = client.get(&format!("/transactions?q={text}&min={AMOUNT}")).expect(200);
    assert!(listed.text().contains(DESCRIPTION) && listed.text().contains(NOTE));
    client.get(&format!("/transactions/{text}"));
    client.get(&format!("/transactions?from={text}")).expect(422);
    client.get(&format!("/{text}")).expect(404);
    client.get("/dashboard").expect(200);
    client.get("/history").expect(200);
    client.get("/changes?since=0").expect(200);
    client.get("/sessions").expect(200);
    client.post("/undo", &json!({})).expect(200);
}

#[test]
fn nothing_of_a_person_is_in_the_log() {
    let ours = "info,finbrain=trace,finbrain_actors=trace,finbrain_domain=trace,finbrain_ml=trace";
    for (filter, format) in [("info", "json"), (ours, "json"), (ours, "pretty")] {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start_with(dir.path(), &["--log", filter, "--log-format", format]);
        let person = live(&server);
        let said = server.stop().succeeded();

        let token = person.cookie.split_once('=').unwrap().1.to_owned();
        let text = said.stdout + &said.stderr;
        assert!(text.contains("/api/v1/transactions"), "requests are logged: {text}");
        let coded = DESCRIPTION.replace(' ', "%20");
        let hidden = [
            EMAIL,
            "quokkazebra",
            "lighthouse",
            PASSWORD,
            WRONG,
            NAME,
            "Quillon",
            DESCRIPTION,
            "xylophone",
            &coded,
            NOTE,
            "pergola",
            TAG,
            PAYEE,
            "Marzipan",
            AMOUNT,
            "739137",
            KEY,
            &token,
            &token[..16],
        ];
        for secret in hidden {
            assert!(
                !text.contains(secret),
                "{secret:?} is in the log: {:?}",
                text.lines().find(|line| line.contains(secret))
            );
        }
    }
}
