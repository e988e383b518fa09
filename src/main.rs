//! The command line: `finbrain` serves; its subcommands look after what is stored.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Parser as _;
use finbrain::{
    app::{Application, backends, configured_sharing, describe_metrics},
    check,
    clock::SystemClock,
    config::{Cli, Command, Config},
    healthcheck::healthcheck,
    learn, seed,
    store::embedded::OpenError,
    telemetry::{self, Metrics, Output},
};

/// Another server holds the data directory.
const IN_USE: u8 = 3;

#[actix_web::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            // One line with all its causes; a trace would help nobody who can mend it.
            eprintln!("finbrain: {error:#}");
            match error.downcast_ref::<OpenError>() {
                Some(OpenError::InUse(_)) => ExitCode::from(IN_USE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

async fn run() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let command = cli.requested();
    let output = match command {
        Command::Serve => Output::Stdout,
        _ => Output::Stderr,
    };
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let config = Config::resolve(cli.settings, names)?;
    let _flush = telemetry::init(config.log_format, &config.log, output)?;
    telemetry::report_panics();
    // One TLS library, one provider, for the whole process.
    let provider = rustls::crypto::ring::default_provider();
    provider
        .install_default()
        .map_err(|_| anyhow::anyhow!("a provider of cryptography is installed already"))?;
    match command {
        Command::Serve => serve(config).await,
        Command::Check => {
            let stores = backends::open_to_check(&config.store).await?;
            check::check(&*stores.journal, &config.store.place()).await
        }
        Command::Seed(seed) => {
            let stores = backends::open(&config.store).await?;
            seed::seed(&stores, seed.users, seed.transactions).await
        }
        Command::Train => {
            let sharing = configured_sharing(&config)?;
            let stores = backends::open(&config.store).await?;
            let code = learn::train(&*stores.models, &SystemClock, sharing).await;
            stores.close().await;
            code
        }
        Command::Evaluate(evaluate) => {
            let stores = backends::open_to_check(&config.store).await?;
            learn::evaluate(&*stores.models, &evaluate.file).await
        }
        Command::Healthcheck => {
            healthcheck(config.ops_listen)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let metrics = Metrics::install()?;
    describe_metrics();
    actix_web::rt::spawn(metrics.clone().keep_up());
    let application = Application::start(config, Arc::new(SystemClock), metrics).await?;
    tracing::info!(
        url = application.url(),
        ops.address = %application.ops_address(),
        "finbrain is ready"
    );
    application.run_until(stopped()).await.context("the server stopped with an error")?;
    tracing::info!("finbrain has stopped");
    Ok(ExitCode::SUCCESS)
}

/// Comes with the first SIGINT or SIGTERM; the second one ends the process at once.
async fn stopped() {
    signal().await;
    tracing::info!("finbrain is stopping; a second signal stops at once");
    actix_web::rt::spawn(async {
        signal().await;
        std::process::exit(130);
    });
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
