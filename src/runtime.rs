//! The shell: runs a command to its end and gives its exit code.
//!
//! It alone knows all rooms. What is full-screen is in `session`, what is printed in `print`; what an effect means
//! outside is in `perform`.

mod ask;
mod diary;
mod doctor;
mod export;
mod file;
mod locale;
mod perform;
mod prepare;
mod print;
mod session;
mod settings;
mod show;

use crate::{
    app::{self, Following, Glyphs, filter::Filter},
    cli::{self, Command, ConfigError, ConfigFile, FetchArgs, InputArgs, Invocation, LineCount, LookArgs, Output},
    demo::{self, Demo},
    media,
    report::Format,
    source::{self, Mode, Start},
    text::Safe,
};
use anyhow::{Context as _, Result};
use clap::error::ErrorKind;
use std::{
    ffi::OsString,
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

/// How long the end waits for work that cannot be called off.
const LAST_WORK: Duration = Duration::from_millis(100);

/// Something that the user got wrong on the command line: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Runs the program. Whatever goes wrong is an error whose chain says what, for which file, and what to do.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Result<ExitCode> {
    let args: Vec<OsString> = args.into_iter().collect();
    // The child that decodes pictures for us, under limits of its own.
    if args.get(1).is_some_and(|argument| argument == media::DECODE_ARGUMENT) {
        return Ok(media::decode_main());
    }
    let typed = match cli::parse(&args, None) {
        Ok(typed) => typed,
        Err(error) => return usage(&error),
    };
    match configured(&args, typed).and_then(perform_command) {
        Err(error) if error.is::<Usage>() || error.is::<ConfigError>() => {
            complain(&error);
            Ok(ExitCode::from(2))
        }
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}

/// What was typed, above what the config file says.
fn configured(args: &[OsString], typed: Invocation) -> Result<Invocation> {
    let Some((name, text)) = settings::read(typed.common.config.as_deref())? else {
        diary::open(&typed.common)?;
        return Ok(typed);
    };
    let config = ConfigFile::parse(&name, &text, &cli::definition())?;
    // It was parsed before, and the file's values were judged one by one: what is wrong now is how they get on.
    let typed = cli::parse(args, Some(&config)).map_err(|error| Usage(format!("with {name}: {error}")))?;
    diary::open(&typed.common)?;
    config.warnings().iter().for_each(|warning| diary::tell(warning.as_str()));
    Ok(typed)
}

fn perform_command(typed: Invocation) -> Result<ExitCode> {
    match typed.command {
        Command::Tail(tail) => run_tail(tail),
        Command::Open(open) => run_open(open),
        Command::List(list) => print::list(&with_stdin(list.input)?, list.summary),
        Command::Export(export) => export::run(&cli::ExportArgs { input: with_stdin(export.input)?, ..export }),
        Command::Show(show) => drive(show::run(&show)),
        Command::Demo(demo) => run_demo(&demo),
        Command::Doctor(doctor) => drive(doctor::run(&doctor)),
        Command::Cache(cli::CacheCommand::Clear(clear)) => clear_cache(clear.cache_dir),
        Command::Completions(completions) => settings::completions(completions.shell),
        Command::Man(man) => settings::man(man.command.as_deref()),
    }
}

/// Prints an error with all its causes to stderr, fit for a terminal.
pub fn complain(error: &anyhow::Error) {
    diary::error(&format!("{error:#}"));
}

/// What clap has to say: help and version are fine, everything else is code 2.
fn usage(error: &clap::Error) -> Result<ExitCode> {
    match error.print() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(error).context(print::STDOUT);
        }
        Ok(()) | Err(_) => {}
    }
    let fine = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_closed))
}

/// Reads stdin where no file was named and stdin is no terminal.
fn with_stdin(mut input: InputArgs) -> Result<InputArgs> {
    if input.files.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Usage("which FILE? `thumbview --help` has examples, `thumbview demo` needs none".into()).into());
        }
        input.files.push("-".into());
    }
    Ok(input)
}

fn run_tail(tail: cli::TailArgs) -> Result<ExitCode> {
    let input = with_stdin(tail.input)?;
    let stream = input.files.iter().all(|file| file == "-");
    let mode = if stream { Mode::Once } else { Mode::Follow };
    if is_full_screen(input.output) {
        return session(&input, &tail.look, mode, Following::On);
    }
    let start = match tail.lines {
        None => Start::Last(10),
        Some(LineCount::Last(count)) => Start::Last(count),
        Some(LineCount::All) => Start::All,
    };
    // A pipe is read from where it is: there is no history to skip.
    let start = if stream { Start::All } else { start };
    print::events(&input, mode, start)
}

fn run_open(open: cli::OpenArgs) -> Result<ExitCode> {
    if open.input.files.is_empty() && io::stdin().is_terminal() {
        cli::definition().print_help().context(print::STDOUT)?;
        return Ok(ExitCode::from(2));
    }
    let input = with_stdin(open.input)?;
    if is_full_screen(input.output) {
        return session(&input, &open.look, Mode::Once, Following::Off);
    }
    match format_of(input.output, Format::Jsonl) {
        Format::Jsonl => print::events(&input, Mode::Once, Start::All),
        Format::Table | Format::Json | Format::Csv => print::list(&input, false),
    }
}

fn session(input: &InputArgs, look: &LookArgs, mode: Mode, following: Following) -> Result<ExitCode> {
    let filter = input.filter().map_err(|error| Usage(error.to_string()))?;
    let options = app::AppOptions { following, filter, reveal: print::reveal(input), ..options(look, input.zone()) };
    let plan = session::SessionPlan {
        source: input.source(mode, Start::All),
        media: fetch_config(&look.fetch)?,
        forced: look.forced(),
        options,
        limit: None,
    };
    drive(session::run(plan))
}

fn run_demo(args: &cli::DemoArgs) -> Result<ExitCode> {
    let config = demo::DemoConfig { scenario: args.scenario, seed: args.seed, speed: args.speed };
    if let Some(folder) = &args.write {
        return print::write_demo(folder, &config);
    }
    if let Some(folder) = &args.serve {
        let shown = Safe::new(&folder.display().to_string());
        // Nothing depends on its being read.
        let ready = || drop(print::say(&format!("serving {shown} on 127.0.0.1:{}; Ctrl-C ends it", args.port)));
        return drive(async {
            demo::serve(folder, args.port, ready).await.with_context(|| format!("cannot serve {shown}"))?;
            Ok(ExitCode::SUCCESS)
        });
    }
    drive(async {
        let demo = demo::start(config).await.context("the demo cannot start")?;
        let outcome = play(args, &demo).await;
        drop(demo);
        outcome
    })
}

async fn play(args: &cli::DemoArgs, demo: &Demo) -> Result<ExitCode> {
    let source = source::SourceConfig {
        files: vec![demo.log().display().to_string()],
        mode: Mode::Follow,
        start: Start::All,
        zone: jiff::tz::TimeZone::system(),
    };
    if !is_full_screen(args.output) {
        let limit = args.duration.unwrap_or(Duration::from_secs(30));
        return print::events_for(source, limit).await;
    }
    let mut media = fetch_config(&args.look.fetch)?;
    // A demo leaves nothing behind.
    media.cache_dir = None;
    media.policy.allow(demo.host().parse()?)?;
    let options = app::AppOptions {
        following: Following::On,
        badge: Some("DEMO".into()),
        ..options(&args.look, jiff::tz::TimeZone::system())
    };
    session::run(session::SessionPlan { source, media, forced: args.look.forced(), options, limit: args.duration })
        .await
}

/// What may be fetched and how; decoding is left to children of this very program.
fn fetch_config(fetch: &FetchArgs) -> Result<media::MediaConfig> {
    let mut config = fetch.media().map_err(Usage)?;
    config.cache_dir = cache_dir(fetch);
    config.decoder = std::env::current_exe().map_or(media::Decoder::InProcess, media::Decoder::Process);
    Ok(config)
}

/// Where pictures are kept: as asked, else in the user's cache folder (XDG base directories).
fn cache_dir(fetch: &FetchArgs) -> Option<PathBuf> {
    if fetch.no_cache { None } else { fetch.cache_dir.clone().or_else(|| user_folder("XDG_CACHE_HOME", ".cache")) }
}

/// Our folder where the variable says, else in this folder of the user's home.
fn user_folder(variable: &str, at_home: &str) -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    Some(absolute(variable).or_else(|| Some(absolute("HOME")?.join(at_home)))?.join("thumbview"))
}

fn clear_cache(folder: Option<PathBuf>) -> Result<ExitCode> {
    let Some(folder) = folder.or_else(|| user_folder("XDG_CACHE_HOME", ".cache")) else {
        anyhow::bail!("no home folder, so no cache")
    };
    let shown = Safe::new(&folder.display().to_string());
    let (files, bytes) = media::clear_cache(&folder).with_context(|| format!("cannot clear {shown}"))?;
    print::say(&format!("removed {files} pictures, {bytes} bytes, from {shown}"))?;
    Ok(ExitCode::SUCCESS)
}

fn options(look: &LookArgs, zone: jiff::tz::TimeZone) -> app::AppOptions {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let options = look.options(no_color);
    // What was not asked for is told; see the session.
    let glyphs = if locale::is_utf8() { options.glyphs } else { Glyphs::Ascii };
    app::AppOptions { zone: Some(zone), glyphs, ..options }
}

fn is_full_screen(output: Output) -> bool {
    match output {
        Output::Auto => io::stdout().is_terminal(),
        Output::Tui => true,
        Output::Table | Output::Json | Output::Jsonl | Output::Csv => false,
    }
}

fn format_of(output: Output, auto: Format) -> Format {
    match output {
        Output::Auto | Output::Tui => auto,
        Output::Table => Format::Table,
        Output::Json => Format::Json,
        Output::Jsonl => Format::Jsonl,
        Output::Csv => Format::Csv,
    }
}

/// Runs a command that waits for more than one thing at a time.
fn drive<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    let outcome = runtime.block_on(work);
    // What is still scaled, read or looked up is of no use to anybody; dropping the runtime would wait for it.
    runtime.shutdown_timeout(LAST_WORK);
    outcome
}

/// Filters that a printed list obeys.
fn filter_of(input: &InputArgs) -> Result<Filter> {
    Ok(input.filter().map_err(|error| Usage(error.to_string()))?)
}
