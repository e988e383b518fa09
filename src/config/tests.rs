use clap::{CommandFactory as _, Parser as _};

use super::*;

/// The flags alone: the environment of the test run is not read.
fn resolve(flags: &[&str]) -> Result<Config, ConfigError> {
    let cli = Cli::try_parse_from(["finbrain"].iter().chain(flags)).map_err(|e| e.to_string()).unwrap();
    Config::resolve(cli.settings, std::iter::empty())
}

fn message(flags: &[&str]) -> String {
    resolve(flags).expect_err(&format!("{flags:?} was accepted")).to_string()
}

#[test]
fn a_start_without_settings_serves_this_machine() {
    let config = resolve(&[]).unwrap();

    assert_eq!(config.public_url("127.0.0.1:8080".parse().unwrap()), "http://127.0.0.1:8080");
    assert_eq!(config.registration, Registration::Open);
    assert_eq!(config.demo, Switch::On);
    assert_eq!(config.session_rate, Rate { per_minute: 6_000, burst: 500 });
    assert_eq!(config.session.life, finbrain_domain::session::SessionLife::default());
    assert_eq!((config.session.heartbeat_seconds, config.session.warning_seconds), (30, 240));
    assert_eq!(config.rates, RatesSource::Url("https://api.frankfurter.dev/v1".into()));
}

#[test]
fn elsewhere_registration_and_demo_are_closed_unless_opened() {
    let config = resolve(&["--public-url", "https://money.example.org"]).unwrap();
    assert_eq!((config.registration, config.demo), (Registration::Closed, Switch::Off));

    let opened = ["--public-url", "https://money.example.org", "--registration", "open", "--demo", "on"];
    let config = resolve(&opened).unwrap();
    assert_eq!((config.registration, config.demo), (Registration::Open, Switch::On));
}

#[test]
fn a_public_url_is_an_origin() {
    for url in ["https://money.example.org", "https://money.example.org:8443/", "http://localhost:8080"] {
        assert!(resolve(&["--public-url", url]).is_ok(), "{url}");
    }
    for url in ["http://[::1]:8080", "http://127.0.0.2"] {
        assert!(resolve(&["--public-url", url]).is_ok(), "{url}");
    }
    for url in [
        "money.example.org",
        "ftp://money.example.org",
        "https://money.example.org/app",
        "https://money.example.org/?x",
        "https://money.example.org/#x",
        "https://dana:pass@money.example.org",
        "https://",
        "",
    ] {
        assert!(message(&["--public-url", url]).contains("FINBRAIN_PUBLIC_URL"), "{url}");
    }
}

#[test]
fn plain_http_for_others_needs_permission() {
    let says = message(&["--public-url", "http://money.example.org"]);
    assert!(says.contains("https") && says.contains("--allow-insecure-http"), "{says}");

    let allowed = ["--public-url", "http://money.example.org", "--allow-insecure-http"];
    assert!(resolve(&allowed).is_ok());
    for host in ["http://localhost.example.org", "http://10.0.0.1", "http://0.0.0.0:8080"] {
        assert!(message(&["--public-url", host]).contains("unprotected"), "{host}");
    }
}

#[test]
fn listening_for_others_needs_a_public_url() {
    let says = message(&["--listen", "0.0.0.0:8080"]);
    assert!(says.contains("http://localhost:8080") && says.contains("FINBRAIN_PUBLIC_URL"), "{says}");

    assert!(resolve(&["--listen", "0.0.0.0:8080", "--public-url", "http://localhost:8080"]).is_ok());
    assert!(resolve(&["--listen", "192.168.1.5:8080", "--allow-insecure-http"]).is_ok());
    message(&["--listen", "0.0.0.0:8080", "--allow-insecure-http"]);
    message(&["--listen", "192.168.1.5:8080"]);
}

#[test]
fn contradictions_are_named() {
    let table: [(&[&str], &str); 13] = [
        (&["--listen", "127.0.0.1:9080"], "FINBRAIN_OPS_LISTEN"),
        (&["--ops-listen", "0.0.0.0:8080"], "FINBRAIN_OPS_LISTEN"),
        (&["--allow-insecure-http"], "--allow-insecure-http"),
        (&["--allow-insecure-http", "--public-url", "https://a.example"], "--allow-insecure-http"),
        (&["--idle-timeout", "400"], "FINBRAIN_IDLE_TIMEOUT is longer than FINBRAIN_INACTIVE_TIMEOUT"),
        (
            &["--absolute-timeout", "200"],
            "FINBRAIN_INACTIVE_TIMEOUT is longer than FINBRAIN_ABSOLUTE_TIMEOUT",
        ),
        (&["--ledger-memory", "1MiB"], "FINBRAIN_LEDGER_MEMORY"),
        (&["--rates-url", "http://rates.example"], "FINBRAIN_RATES_URL"),
        (&["--rates-url", "on"], "FINBRAIN_RATES_URL"),
        (&["--rates-url", "/no/such/file"], "FINBRAIN_RATES_URL"),
        (&["--admin-email", "nobody"], "FINBRAIN_ADMIN_EMAIL"),
        (&["--admin-email", "./no/such/file"], "FINBRAIN_ADMIN_EMAIL"),
        (&["--log", "finbrain=loudly"], "FINBRAIN_LOG"),
    ];

    for (flags, named) in table {
        let says = message(flags);
        assert!(says.contains(named), "{flags:?} gave {says}");
    }
}

#[test]
fn values_out_of_bounds_name_their_flag() {
    let table = [
        ["--idle-timeout", "0"],
        ["--idle-timeout", "3601"],
        ["--inactive-timeout", "4"],
        ["--absolute-timeout", "2592001"],
        ["--session-rate", "0"],
        ["--session-burst", "0"],
        ["--login-rate", "many"],
        ["--workers", "0"],
        ["--workers", "513"],
        ["--ledger-memory", "lots"],
        ["--trusted-proxies", "10.0.0.0/33"],
        ["--listen", "localhost"],
        ["--registration", "perhaps"],
        ["--demo", "yes"],
        ["--log-format", "xml"],
        ["--mongodb-url", "mongodb://localhost"],
    ];

    for [flag, value] in table {
        let error = Cli::try_parse_from(["finbrain", flag, value]).expect_err(flag).to_string();
        assert!(error.contains(flag), "{flag} {value} gave {error}");
    }
}

#[test]
fn unknown_variables_stop_the_start() {
    let cli = Cli::try_parse_from(["finbrain"]).unwrap();
    let variables = ["PATH", "FINBRAIN_URL", "FINBRAIN_SESION_RATE"].map(str::to_owned);

    let error = Config::resolve(cli.settings, variables.into_iter()).unwrap_err();

    assert!(error.to_string().contains("FINBRAIN_SESION_RATE"), "{error}");
    assert!(!error.to_string().contains("PATH"));
}

#[test]
fn flags_fit_before_and_behind_the_command() {
    let listen = |args: &[&str]| Cli::try_parse_from(args).unwrap().settings.listen.to_string();

    assert_eq!(listen(&["finbrain", "--listen", "127.0.0.1:1"]), "127.0.0.1:1");
    assert_eq!(listen(&["finbrain", "serve", "--listen", "127.0.0.1:2"]), "127.0.0.1:2");
    assert_eq!(listen(&["finbrain", "--listen", "127.0.0.1:3", "seed", "--users", "5"]), "127.0.0.1:3");
}

#[test]
fn commands_are_understood() {
    let requested = |args: &[&str]| Cli::try_parse_from(args).map(|cli| cli.requested()).ok();

    assert_eq!(requested(&["finbrain"]), Some(Command::Serve));
    assert_eq!(requested(&["finbrain", "check"]), Some(Command::Check));
    assert_eq!(requested(&["finbrain", "healthcheck"]), Some(Command::Healthcheck));
    let seed = Command::Seed(Seed { users: 100, transactions: 20 });
    assert_eq!(requested(&["finbrain", "seed", "--users", "100", "--transactions", "20"]), Some(seed));
    assert_eq!(requested(&["finbrain", "seed"]), None);
    assert_eq!(requested(&["finbrain", "seed", "--users", "0"]), None);
    assert_eq!(requested(&["finbrain", "dance"]), None);
}

#[test]
fn every_flag_has_its_variable() {
    let cli = Cli::command();
    let flags = cli.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()));

    for flag in flags {
        let long = flag.get_long().unwrap().replace('-', "_").to_uppercase();
        assert_eq!(flag.get_env().unwrap().to_str(), Some(format!("FINBRAIN_{long}").as_str()));
        assert!(flag.is_global_set(), "{long} is refused behind a command");
    }
    cli.debug_assert();
}

#[test]
fn a_configuration_shows_nothing_that_it_should_not() {
    let flags = ["--admin-email", "dana@example.org", "--rates-url", "https://rates.example/v1?key=hidden"];

    let cli = Cli::try_parse_from(["finbrain"].iter().chain(&flags)).unwrap();
    let given = format!("{cli:?}");
    let config = format!("{:?}", Config::resolve(cli.settings, std::iter::empty()).unwrap());

    for shown in [given, config] {
        assert!(!shown.contains("dana") && !shown.contains("hidden"), "{shown}");
    }
}

#[test]
fn without_a_mongodb_the_facts_are_in_the_data_folder() {
    let folder = StoreSettings::Embedded { data_dir: "./finbrain-data".into() };
    assert_eq!(resolve(&[]).unwrap().store, folder);

    assert!(message(&["--redis-url", "redis://localhost"]).contains("FINBRAIN_MONGODB_URI"));
    assert!(message(&["--read", "linearizable"]).contains("FINBRAIN_MONGODB_URI"));
}

#[test]
fn pods_share_a_mongodb_and_a_redis_whose_addresses_are_never_shown() {
    let mongodb = "mongodb://finbrain:secret@db-0,db-1/finbrain";
    for redis in ["redis://r", "rediss://user:secret@r:6380", "redis+sentinel://s-0,s-1/mymaster"] {
        let flags = ["--mongodb-uri", mongodb, "--redis-url", redis, "--read", "linearizable"];
        let config = resolve(&flags).unwrap();

        let redis = Some(RedisSettings { url: redis.to_owned(), authority: None });
        let expected =
            StoreSettings::Cluster { mongodb_uri: mongodb.to_owned(), read: ReadMode::Linearizable, redis };
        assert_eq!(config.store, expected);
        assert!(!format!("{config:?}").contains("secret"));
    }
    assert!(message(&["--mongodb-uri", "db.example.org"]).contains("FINBRAIN_MONGODB_URI"));
    let flags = ["--mongodb-uri", mongodb, "--redis-url", "http://redis"];
    assert!(message(&flags).contains("FINBRAIN_REDIS_URL"));
}
