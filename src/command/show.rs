//! `show`: prints a picture or the contact sheet of an asset into the scrollback.

mod print;

use super::{
    media,
    probe::probe_terminal,
    runtime,
    stdio::{self, STDOUT},
};
use crate::{
    catalog::{Asset, Catalog},
    cli::{ShowArgs, StreamKind, UsageError},
    diagnostics::{error, info},
    event::{AssetId, Health, LogUpdate, Offset, ReadMode, Reveal},
    media::spawn,
    picture::{Canvas, DrawingChoice, Picture, PictureKey, PictureRequest, PictureUpdate, Protocol},
    report,
    source::{self, Order, SourceConfig, Start, kafka::KafkaOptions},
    text::Safe,
};
use anyhow::{Context as _, Result, anyhow, bail};
use jiff::tz::TimeZone;
use std::{collections::HashMap, io, path::Path, process::ExitCode, sync::Arc};

/// The width in cells where the terminal does not tell its own.
const DEFAULT_COLUMNS: u16 = 80;
/// The most pictures of a sheet; more would scroll away.
const SHEET_LIMIT: usize = 200;

type FetchedPictures = HashMap<PictureKey, Result<Arc<Picture>, Safe>>;

pub(super) fn run(args: &ShowArgs) -> Result<ExitCode> {
    runtime::block_on(show(args))
}

async fn show(args: &ShowArgs) -> Result<ExitCode> {
    let stdout = stdio::stdout();
    if stdout == StreamKind::Other && args.screen.protocol.is_none() {
        return Err(UsageError::new("stdout is no terminal: -p says which protocol's bytes to write").into());
    }
    let catalog = read(&args.file).await?;
    let asset = find(&catalog, args)?;
    let requests = wanted(&asset, args)?;
    let canvas = canvas(args.screen.drawing(), stdout).await;
    if canvas.protocol == Protocol::None {
        return Ok(ExitCode::SUCCESS);
    }
    let fetched = fetch(args, &requests).await?;
    print(args.grid, &requests, &fetched, &canvas)
}

async fn read(file: &Path) -> Result<Catalog> {
    let config = SourceConfig {
        files: vec![file.to_owned()],
        mode: ReadMode::Once,
        start: Start::All,
        order: Order::Log,
        state: None,
        zone: TimeZone::system(),
        kafka: KafkaOptions::default(),
    };
    let (_source, mut updates) = source::spawn(config);
    let mut catalog = Catalog::default();
    while let Some(mut update) = updates.recv().await {
        catalog.apply_update(&mut update, |_, _| {});
        match update {
            LogUpdate::Health { health: Health::Failed(reason), .. } => bail!("{reason}"),
            LogUpdate::Finished => break,
            LogUpdate::Opened { .. }
            | LogUpdate::Batch { .. }
            | LogUpdate::Health { .. }
            | LogUpdate::Notice(_)
            | LogUpdate::Incomplete { .. }
            | LogUpdate::Lines { .. }
            | LogUpdate::Loaded => {}
        }
    }
    Ok(catalog)
}

/// Returns the asset that was named, in full or by the beginning of its id; else the newest with pictures.
fn find<'a>(catalog: &'a Catalog, args: &ShowArgs) -> Result<Asset<'a>> {
    let file = Safe::from_bytes(args.file.as_os_str().as_encoded_bytes());
    let Some(name) = &args.asset else {
        let mut newest = report::newest_first(catalog).into_iter().filter_map(|key| catalog.asset(key));
        return newest
            .find(|asset| asset.picture_event().is_some())
            .ok_or_else(|| anyhow!("no asset in {file} has pictures"));
    };
    if let Some(asset) = AssetId::new(name).and_then(|id| catalog.find(&id)) {
        return Ok(asset);
    }
    let matching: Vec<Asset<'_>> =
        catalog.assets().filter(|asset| asset.id().to_string().starts_with(name.as_str())).collect();
    let name = Safe::new(name);
    match &*matching {
        [one] => Ok(*one),
        [] => bail!("no asset {name} in {file}"),
        [..] => bail!("{} assets begin with {name}: name more of the id", matching.len()),
    }
}

/// Returns the pictures to print: one, or those of the sheet.
fn wanted(asset: &Asset<'_>, args: &ShowArgs) -> Result<Vec<PictureRequest>> {
    let mut requests = asset.requests();
    if args.grid.is_some() {
        if requests.len() > SHEET_LIMIT {
            info(&format!("the first {SHEET_LIMIT} of {} pictures", requests.len()));
            requests.truncate(SHEET_LIMIT);
        }
    } else {
        requests = nearest(requests, args.offset.unwrap_or_default()).into_iter().collect();
    }
    if requests.is_empty() {
        let fault = asset.fault().map(|fault| format!(": {} {}", fault.code, fault.shown(Reveal::Hide)));
        bail!("{} has no pictures{}", asset.id(), fault.unwrap_or_default());
    }
    Ok(requests)
}

fn nearest(requests: Vec<PictureRequest>, offset: Offset) -> Option<PictureRequest> {
    let distance = |request: &PictureRequest| (request.offset.as_millis() - offset.as_millis()).abs();
    requests.into_iter().min_by_key(distance)
}

/// Returns what the terminal can show; without one, what the choice needs.
async fn canvas(choice: DrawingChoice, stdout: StreamKind) -> Canvas {
    let probe = match stdout {
        StreamKind::Terminal => probe_terminal(choice).await,
        StreamKind::Other => None,
    };
    let without_terminal = || Canvas {
        protocol: choice.protocol.unwrap_or_default(),
        symbols: choice.symbols.unwrap_or_default(),
        ..Canvas::default()
    };
    probe.map_or_else(without_terminal, |probe| probe.canvas())
}

async fn fetch(args: &ShowArgs, requests: &[PictureRequest]) -> Result<FetchedPictures> {
    let (media, mut updates) = spawn(media::config(&args.screen.fetch)?);
    media.want(requests.to_vec());
    let mut fetched = HashMap::new();
    while fetched.len() < requests.len() {
        match updates.recv().await {
            Some(PictureUpdate::Loaded(key, picture)) => drop(fetched.insert(key, Ok(picture))),
            Some(PictureUpdate::Failed(key, failure)) => {
                let advice: Vec<&str> = failure.advice.iter().map(Safe::as_str).collect();
                let reason = format!("{} {}", failure.what, advice.join("; "));
                fetched.insert(key, Err(Safe::new(reason.trim())));
            }
            Some(PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..)) => {}
            None => break,
        }
    }
    Ok(fetched)
}

/// Prints the pictures that were fetched and reports the others.
fn print(
    grid: Option<u16>,
    requests: &[PictureRequest],
    fetched: &FetchedPictures,
    canvas: &Canvas,
) -> Result<ExitCode> {
    let columns = crossterm::terminal::size().map_or(DEFAULT_COLUMNS, |(columns, _)| columns).max(1);
    let mut pictures = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for request in requests {
        match fetched.get(&request.key) {
            Some(Ok(picture)) => pictures.push((Safe::new(&request.offset.to_string()), Picture::clone(picture))),
            Some(Err(reason)) => {
                error(&format!("{} at {}: {reason}", request.url, request.offset));
                code = ExitCode::FAILURE;
            }
            None => code = ExitCode::FAILURE,
        }
    }
    let mut out = io::stdout().lock();
    match (grid, &*pictures) {
        (_, []) => {}
        (None, [(_, one), ..]) => print::picture(one, canvas, columns, &mut out).context(STDOUT)?,
        (Some(grid), all) => print::sheet(all, grid, canvas, columns, &mut out).context(STDOUT)?,
    }
    Ok(code)
}
