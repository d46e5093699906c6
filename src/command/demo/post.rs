//! `demo --post`: the demo's events as callbacks.

use crate::{
    cli::DemoArgs,
    command::stdio::print_line,
    demo::{self, CallbackDemo, DemoCallback, Poster, TOPIC},
    diagnostics::info,
    text::Safe,
};
use anyhow::{Context as _, Result, anyhow};
use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use url::{Host, Url};

/// The numbers of callbacks by their answers.
#[derive(Debug, Default)]
struct PostedCounts {
    stored: u64,
    refused: u64,
    unanswered: u64,
}

/// Posts the events of the past at once and the others when they are due, until the time is over.
pub(super) async fn run(args: &DemoArgs, url: &Url) -> Result<ExitCode> {
    let pictures = || format!("cannot serve pictures on port {}; --port names another", args.port);
    let mut demo = demo::start_callbacks(args.config(), args.port).await.with_context(pictures)?;
    let poster = poster(args, url)?;
    introduce(&demo, url)?;
    let (started, limit) = (Instant::now(), args.duration.unwrap_or(Duration::MAX));
    let mut counts = PostedCounts::default();
    let first = demo.callbacks.confirmation(&format!("http://{}", demo.host()));
    // Without an answer to the first there is nobody to post to.
    let answer = poster.post(&first).await.map_err(|cause| nobody(url, &demo.host(), &cause))?;
    counts.take(&Ok(answer));
    for callback in demo.callbacks.by_ref() {
        let due = Duration::try_from(callback.at).unwrap_or_default();
        sleep(due.min(limit).saturating_sub(started.elapsed())).await;
        if started.elapsed() >= limit {
            break;
        }
        post(&poster, &callback, &mut counts).await;
    }
    let PostedCounts { stored, refused, unanswered } = counts;
    print_line(&format!(
        "posted {} callbacks: {stored} stored, {refused} refused, {unanswered} without an answer",
        stored + refused + unanswered
    ))?;
    Ok(if refused + unanswered == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn post(poster: &Poster, callback: &DemoCallback, counts: &mut PostedCounts) {
    let answer = poster.post(callback).await;
    counts.take(&answer);
    match answer {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) => info(&format!("answered {}: {}", answer.status, answer.text)),
        Err(cause) => info(&format!("no answer: {cause}")),
    }
}

impl PostedCounts {
    fn take(&mut self, answer: &Result<demo::PostAnswer, Safe>) {
        match answer {
            Ok(answer) if answer.status == 200 => self.stored += 1,
            Ok(_) => self.refused += 1,
            Err(_) => self.unanswered += 1,
        }
    }
}

fn poster(args: &DemoArgs, url: &Url) -> Result<Poster> {
    let read = |path: &std::path::PathBuf| {
        fs::read(path).with_context(|| format!("--ca-file {}: cannot be read", Safe::new(&path.display().to_string())))
    };
    let extra = args.screen.fetch.ca_file.as_ref().map(read).transpose()?;
    Poster::new(url.clone(), extra.as_deref()).map_err(|cause| anyhow!("the HTTP client cannot be set up: {cause}"))
}

fn introduce(demo: &CallbackDemo, url: &Url) -> Result<()> {
    let host = demo.host();
    print_line(&format!("posting to {url} as MFS and SMN; pictures are on {host}; Ctrl-C ends it"))?;
    print_line("the keys are those in assets: test-only-smn-cert.pem and test-only-mfs-key.txt")?;
    print_line(&format!("the topic is {TOPIC}"))
}

fn nobody(url: &Url, pictures: &str, cause: &Safe) -> anyhow::Error {
    let start = listen_address(url).map_or_else(String::new, |address| {
        format!("; start this first: thumbview listen {address} --journal vod.journal --allow-host {pictures}")
    });
    anyhow!("nothing answers at {url}: {cause}{start}")
}

/// Returns the address that `listen` takes for a URL; `None` where it serves none such without more options.
fn listen_address(url: &Url) -> Option<String> {
    let host = match url.host()? {
        Host::Domain("localhost") => "127.0.0.1".to_owned(),
        Host::Domain(_) => return None,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => format!("[{address}]"),
    };
    (url.scheme() == "http").then(|| Some(format!("{host}:{}", url.port_or_known_default()?)))?
}
