//! `show`: one picture, or the contact sheet, printed into the scrollback.

use super::{
    Usage,
    ask::ask,
    diary::{error, tell},
    fetch_config,
};
use crate::{
    catalog::{Asset, Catalog},
    cli,
    event::{AssetId, LogUpdate, Offset, Reveal},
    media,
    picture::{Canvas, Picture, PictureKey, PictureRequest, PictureUpdate, Protocol},
    report, show,
    source::{self, Mode, Start},
    text::Safe,
};
use anyhow::{Result, bail};
use std::{
    collections::HashMap,
    io::{self, IsTerminal as _},
    process::ExitCode,
    sync::Arc,
};

/// Cells across where the terminal does not say.
const COLUMNS: u16 = 80;
/// Pictures of a sheet; more would scroll away.
const SHEET_MOST: usize = 200;

/// Runs the command.
pub(super) async fn run(args: &cli::ShowArgs) -> Result<ExitCode> {
    let forced = args.look.forced();
    let on_terminal = io::stdout().is_terminal();
    if !on_terminal && forced.is_none() {
        return Err(Usage("stdout is no terminal: -p says which protocol's bytes to write".into()).into());
    }
    let catalog = read(args).await?;
    let asset = choose(&catalog, args)?;
    let mut requests = asset.requests();
    if requests.is_empty() {
        let fault =
            asset.fault().map(|fault| format!(": {} {}", fault.code, fault.shown(Reveal::Hide))).unwrap_or_default();
        bail!("{} has no pictures{fault}", asset.id());
    }
    if args.grid.is_none() {
        requests = vec![nearest(requests, args.offset)];
    } else if requests.len() > SHEET_MOST {
        tell(&format!("the first {SHEET_MOST} of {} pictures", requests.len()));
        requests.truncate(SHEET_MOST);
    }
    let canvas = if on_terminal { ask(forced).await.map(|probe| probe.canvas()) } else { None };
    let canvas = canvas.unwrap_or_else(|| Canvas { protocol: forced.unwrap_or_default(), ..Canvas::default() });
    if canvas.protocol == Protocol::None {
        return Ok(ExitCode::SUCCESS);
    }
    let fetched = fetch(args, &requests).await?;
    print(args, &requests, &fetched, &canvas)
}

async fn read(args: &cli::ShowArgs) -> Result<Catalog> {
    let config = source::SourceConfig {
        files: vec![args.file.clone()],
        mode: Mode::Once,
        start: Start::All,
        zone: jiff::tz::TimeZone::system(),
    };
    let (source, mut updates) = source::spawn(config);
    let mut catalog = Catalog::default();
    while let Some(mut update) = updates.recv().await {
        catalog.apply_update(&mut update, |_, _| {});
        match update {
            LogUpdate::Health { health: crate::event::Health::Failed(why), .. } => bail!("{why}"),
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
    drop(source);
    Ok(catalog)
}

/// The asset that was named, in full or by its head; else the newest that has pictures.
fn choose<'a>(catalog: &'a Catalog, args: &cli::ShowArgs) -> Result<Asset<'a>> {
    let Some(name) = &args.asset else {
        let newest = report::newest_first(catalog);
        let with_pictures =
            newest.into_iter().filter_map(|key| catalog.asset(key)).find(|asset| asset.picture_event().is_some());
        return with_pictures.ok_or_else(|| anyhow::anyhow!("no asset in {} has pictures", Safe::new(&args.file)));
    };
    if let Some(asset) = AssetId::new(name).and_then(|id| catalog.find(&id)) {
        return Ok(asset);
    }
    let alike: Vec<Asset<'_>> =
        catalog.assets().filter(|asset| asset.id().to_string().starts_with(name.as_str())).collect();
    match &*alike {
        [one] => Ok(*one),
        [] => bail!("no asset {} in {}", Safe::new(name), Safe::new(&args.file)),
        [..] => bail!("{} assets begin with {}: name more of the id", alike.len(), Safe::new(name)),
    }
}

fn nearest(requests: Vec<PictureRequest>, offset: Option<Offset>) -> PictureRequest {
    let wanted = offset.unwrap_or_default().as_millis();
    let distance = |request: &PictureRequest| (request.offset.as_millis() - wanted).abs();
    requests.into_iter().min_by_key(distance).expect("an asset with pictures was chosen")
}

type FetchedPictures = HashMap<PictureKey, Result<Arc<Picture>, Safe>>;

async fn fetch(args: &cli::ShowArgs, requests: &[PictureRequest]) -> Result<FetchedPictures> {
    let (media, mut updates) = media::spawn(fetch_config(&args.look.fetch)?);
    media.want(requests.to_vec());
    let mut fetched = HashMap::new();
    while fetched.len() < requests.len() {
        match updates.recv().await {
            Some(PictureUpdate::Loaded(key, picture)) => drop(fetched.insert(key, Ok(picture))),
            Some(PictureUpdate::Failed(key, trouble)) => {
                let advice: Vec<&str> = trouble.advice.iter().map(Safe::as_str).collect();
                let text = format!("{} {}", trouble.what, advice.join("; "));
                fetched.insert(key, Err(Safe::new(text.trim())));
            }
            Some(PictureUpdate::Started(_) | PictureUpdate::Dropped(_) | PictureUpdate::Prepared(..)) => {}
            None => break,
        }
    }
    Ok(fetched)
}

fn print(
    args: &cli::ShowArgs,
    requests: &[PictureRequest],
    fetched: &FetchedPictures,
    canvas: &Canvas,
) -> Result<ExitCode> {
    let columns = crossterm::terminal::size().map_or(COLUMNS, |(columns, _)| columns).max(1);
    let mut pictures = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for request in requests {
        match fetched.get(&request.key) {
            Some(Ok(picture)) => pictures.push((Safe::new(&request.offset.to_string()), Picture::clone(picture))),
            Some(Err(why)) => {
                error(&format!("{} at {}: {why}", request.url, request.offset));
                code = ExitCode::FAILURE;
            }
            None => code = ExitCode::FAILURE,
        }
    }
    let mut out = io::stdout().lock();
    match (args.grid, &*pictures) {
        (_, []) => {}
        (None, [(_, one), ..]) => show::one(one, canvas, columns, &mut out)?,
        (Some(grid), all) => show::sheet(all, grid, canvas, columns, &mut out)?,
    }
    Ok(code)
}
