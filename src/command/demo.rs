//! `demo`: an offline session, or its log and pictures written to and served from a folder.

mod post;

use super::{
    events, media, runtime,
    stdio::{self, print_line},
};
use crate::{
    app::AppOptions,
    cli::{DemoArgs, Output, locale_notice},
    demo::{self, Demo, DemoConfig},
    event::ReadMode,
    media::MediaConfig,
    session::{self, SessionPlan, alert::AlertConfig},
    source::{Order, SourceConfig, Start},
    text::{Safe, number::counted},
};
use anyhow::{Context as _, Result};
use jiff::tz::TimeZone;
use std::{path::Path, process::ExitCode, time::Duration};

/// The length of a demo without a terminal, unless `--for` says another.
const PRINTED_FOR: Duration = Duration::from_secs(30);

pub(super) fn run(args: &DemoArgs) -> Result<ExitCode> {
    args.output.require("demo", &[Output::Tui, Output::Jsonl])?;
    if let Some(folder) = &args.write {
        return write(folder, &args.config());
    }
    if let Some(folder) = &args.serve {
        return serve(folder, args.port);
    }
    if let Some(url) = &args.post {
        return runtime::block_on(post::run(args, url));
    }
    runtime::block_on(async {
        let demo = demo::start(args.config()).await.context("the demo cannot start")?;
        play(args, &demo).await
    })
}

fn write(folder: &Path, config: &DemoConfig) -> Result<ExitCode> {
    let shown = Safe::new(&folder.display().to_string());
    let written = demo::write(folder, config).with_context(|| format!("cannot write the demo to {shown}"))?;
    let log = Safe::new(&written.log.display().to_string());
    print_line(&format!("wrote {log} and {}; in two terminals, try:", counted(written.pictures as u64, "picture")))?;
    print_line(&format!("  thumbview demo --serve {shown}"))?;
    print_line(&format!("  thumbview tail --allow-host 127.0.0.1:8787 {log}"))?;
    Ok(ExitCode::SUCCESS)
}

fn serve(folder: &Path, port: u16) -> Result<ExitCode> {
    let shown = Safe::new(&folder.display().to_string());
    // It is served whether or not this line can be printed.
    let ready = || drop(print_line(&format!("serving {shown} on 127.0.0.1:{port}; Ctrl-C ends it")));
    runtime::block_on(async {
        demo::serve(folder, port, ready).await.with_context(|| format!("cannot serve {shown}"))?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn play(args: &DemoArgs, demo: &Demo) -> Result<ExitCode> {
    let files = vec![demo.log().to_owned()];
    let source = SourceConfig::of_files(files, ReadMode::Follow, Start::All, Order::NewestFirst, TimeZone::system());
    if !args.output.is_full_screen(stdio::stdout()) {
        return events::print_for(source, args.duration.unwrap_or(PRINTED_FOR)).await;
    }
    // A demo leaves nothing on disk.
    let mut media = MediaConfig { cache_dir: None, ..media::config(&args.screen.fetch)? };
    media.policy.allow(demo.host().parse()?)?;
    let options = AppOptions {
        read_mode: ReadMode::Follow,
        badge: Some("DEMO".into()),
        ..args.screen.options(TimeZone::system())
    };
    let plan = SessionPlan {
        source,
        media,
        drawing: args.screen.drawing(),
        options,
        state_file: None,
        resume_file: None,
        alerts: AlertConfig::default(),
        feed: None,
        notice: locale_notice(),
        limit: args.duration,
    };
    session::run(plan).await
}
