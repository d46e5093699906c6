//! `show`: prints a picture, the contact sheet of an asset, or a comparison of two pictures into the scrollback.

mod print;

use super::{
    login, media,
    probe::probe_terminal,
    progress::{self, Progress},
    runtime,
    stdio::{self, STDOUT},
};
use crate::{
    catalog::{Asset, AssetLookup, Catalog},
    cli::{ShowArgs, StreamKind, UsageError},
    diagnostics::{error, info},
    event::{Health, LogUpdate, Offset, ReadMode, Reveal},
    media::spawn,
    picture::{Canvas, DrawingChoice, Picture, PictureDifference, PictureKey, PictureRequest, PictureUpdate, Protocol},
    report,
    source::{self, Order, SourceConfig, Start},
    text::{Safe, number::counted},
};
use anyhow::{Context as _, Result, anyhow, bail};
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

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
        return Err(UsageError::new("stdout is not a terminal: choose a protocol with -p").into());
    }
    let catalog = read(login::log_in(source_config(args))?).await?;
    let asset = find(&catalog, &args.file, args.asset.as_deref())?;
    if let Some(place) = &args.compare {
        let other = place.asset.as_deref().map(|name| find(&catalog, &args.file, Some(name))).transpose()?;
        let one = at(&asset, args.offset.unwrap_or_default())?;
        let other = at(&other.unwrap_or(asset), place.offset.unwrap_or(one.offset))?;
        if one.key == other.key {
            bail!("the picture at {} would be compared with itself: --offset and --compare name two", one.offset);
        }
        let canvas = canvas(args.screen.drawing(), stdout).await;
        let fetched = fetch(args, &[one.clone(), other.clone()]).await?;
        return compare([&one, &other], &fetched, &catalog, &canvas);
    }
    let requests = wanted(&asset, args)?;
    let canvas = canvas(args.screen.drawing(), stdout).await;
    if canvas.protocol == Protocol::None {
        return Ok(ExitCode::SUCCESS);
    }
    let fetched = fetch(args, &requests).await?;
    print(args.grid, &requests, &fetched, &canvas)
}

/// Returns the settings of the source.
fn source_config(args: &ShowArgs) -> SourceConfig {
    let files = vec![args.file.clone()];
    let config = SourceConfig::of_files(files, ReadMode::Once, Start::All, Order::Log, TimeZone::system());
    SourceConfig { ssh_options: args.ssh_option.clone(), ..config }
}

async fn read(config: SourceConfig) -> Result<Catalog> {
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

/// Returns the asset that a name means; without a name, the newest with pictures.
fn find<'a>(catalog: &'a Catalog, file: &Path, name: Option<&str>) -> Result<Asset<'a>> {
    let file = Safe::from_bytes(file.as_os_str().as_encoded_bytes());
    let Some(name) = name else {
        let mut newest = report::newest_first(catalog).into_iter().filter_map(|key| catalog.asset(key));
        return newest
            .find(|asset| asset.picture_event().is_some())
            .ok_or_else(|| anyhow!("no asset in {file} has pictures"));
    };
    let found = catalog.find_named(name);
    let name = Safe::new(name);
    match found {
        AssetLookup::One(key) => catalog.asset(key).ok_or_else(|| anyhow!("{file} has lost the asset {name}")),
        AssetLookup::None => bail!("no asset in {file} has an id or title like \"{name}\""),
        AssetLookup::Several(count) => {
            bail!("{count} assets in {file} have an id or title like \"{name}\": give more of it")
        }
    }
}

/// Returns the pictures to print: one, or those of the sheet.
fn wanted(asset: &Asset<'_>, args: &ShowArgs) -> Result<Vec<PictureRequest>> {
    if args.grid.is_none() {
        return Ok(vec![at(asset, args.offset.unwrap_or_default())?]);
    }
    let mut requests = asset.requests();
    if requests.is_empty() {
        return Err(no_pictures(asset));
    }
    if requests.len() > SHEET_LIMIT {
        info(&format!("only the first {SHEET_LIMIT} of {} are printed", counted(requests.len() as u64, "picture")));
        requests.truncate(SHEET_LIMIT);
    }
    Ok(requests)
}

/// Returns the picture that is nearest to an offset; says so where it is at another one.
fn at(asset: &Asset<'_>, offset: Offset) -> Result<PictureRequest> {
    let distance = |request: &PictureRequest| (request.offset.as_millis() - offset.as_millis()).abs();
    let nearest = asset.requests().into_iter().min_by_key(distance).ok_or_else(|| no_pictures(asset))?;
    if nearest.offset != offset && offset != Offset::default() {
        info(&format!("no picture at {offset}, nearest: {}", nearest.offset));
    }
    Ok(nearest)
}

fn no_pictures(asset: &Asset<'_>) -> anyhow::Error {
    let fault = asset.fault().map(|fault| format!(": {} {}", fault.code, fault.shown(Reveal::Hide)));
    anyhow!("{} has no pictures{}", asset.id(), fault.unwrap_or_default())
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
    let (mut progress, total) = (Progress::start(), requests.len());
    while fetched.len() < total {
        let done = fetched.len();
        progress.update(|elapsed| {
            progress::describe(&format!("{done} of {total} pictures"), done as u64, total as u64, elapsed)
        });
        let Ok(update) = tokio::time::timeout(progress::INTERVAL, updates.recv()).await else { continue };
        match update {
            Some(PictureUpdate::Loaded(key, picture)) => drop(fetched.insert(key, Ok(picture))),
            Some(PictureUpdate::Failed(key, failure)) => {
                let advice: Vec<&str> = failure.advice.iter().map(Safe::as_str).collect();
                let reason = format!("{} · {}", failure.what, advice.join(" · "));
                fetched.insert(key, Err(Safe::new(reason.trim_end_matches(" · "))));
            }
            Some(PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..)) => {}
            None => break,
        }
    }
    Ok(fetched)
}

/// Returns a picture that was fetched; reports one that was not.
fn fetched_picture<'a>(request: &PictureRequest, fetched: &'a FetchedPictures) -> Option<&'a Picture> {
    match fetched.get(&request.key) {
        Some(Ok(picture)) => Some(picture),
        Some(Err(reason)) => {
            report_failure(request, reason);
            None
        }
        None => None,
    }
}

fn report_failure(request: &PictureRequest, reason: &Safe) {
    error(&format!("{} at {}: {reason}", request.url, request.offset));
}

/// Prints two pictures, their difference, and its measure.
fn compare(
    requests: [&PictureRequest; 2],
    fetched: &FetchedPictures,
    catalog: &Catalog,
    canvas: &Canvas,
) -> Result<ExitCode> {
    let pictures = requests.map(|request| fetched_picture(request, fetched));
    let [Some(one), Some(other)] = pictures else { return Ok(ExitCode::FAILURE) };
    let PictureDifference { picture, psnr, share } = one.difference(other);
    let captions = requests.map(|request| {
        let title = catalog.find(&request.asset).and_then(|asset| asset.title().cloned());
        let name = title.unwrap_or_else(|| Safe::new(&request.asset.shown(Reveal::Hide)));
        let is_same = requests[0].asset == requests[1].asset;
        if is_same { Safe::new(&request.offset.to_string()) } else { Safe::new(&format!("{} {name}", request.offset)) }
    });
    let [one_caption, other_caption] = captions.clone();
    let mut out = io::stdout().lock();
    if canvas.protocol != Protocol::None {
        let row = [(one_caption, one.clone()), (other_caption, other.clone()), ("difference".into(), picture)];
        print::sheet(&row, 3, canvas, columns(), &mut out).context(STDOUT)?;
    }
    let measure = match psnr {
        None => "no difference".to_owned(),
        Some(psnr) => format!("PSNR {psnr:.1} dB, {:.1} % of the pixels differ", share * 100.0),
    };
    let sizes = if one.size == other.size { String::new() } else { format!(" ({} and {})", one.size, other.size) };
    writeln!(out, "{} and {}: {measure}{sizes}", captions[0], captions[1]).context(STDOUT)?;
    Ok(ExitCode::SUCCESS)
}

fn columns() -> u16 {
    crossterm::terminal::size().map_or(DEFAULT_COLUMNS, |(columns, _)| columns).max(1)
}

/// Prints the pictures that were fetched and reports the others.
fn print(
    grid: Option<u16>,
    requests: &[PictureRequest],
    fetched: &FetchedPictures,
    canvas: &Canvas,
) -> Result<ExitCode> {
    let mut pictures: Vec<(Safe, Picture)> = Vec::new();
    let mut failures: BTreeMap<&Safe, Vec<&PictureRequest>> = BTreeMap::new();
    for request in requests {
        match fetched.get(&request.key) {
            Some(Ok(picture)) => pictures.push((Safe::new(&request.offset.to_string()), Picture::clone(picture))),
            Some(Err(reason)) => failures.entry(reason).or_default().push(request),
            None => {}
        }
    }
    for (reason, failed) in failures {
        match *failed {
            [] => {}
            [one] => report_failure(one, reason),
            [first, ..] => {
                let count = counted(failed.len() as u64, "picture");
                error(&format!("{count}: {reason} (the first is {} at {})", first.url, first.offset));
            }
        }
    }
    let mut out = io::stdout().lock();
    match (grid, &*pictures) {
        (_, []) => {}
        (None, [(_, one), ..]) => print::picture(one, canvas, columns(), &mut out).context(STDOUT)?,
        (Some(grid), all) => print::sheet(all, grid, canvas, columns(), &mut out).context(STDOUT)?,
    }
    Ok(if pictures.len() == requests.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
