//! The fetching of pictures as a command needs it: decoded by child processes of this program.

use crate::{
    cli::FetchArgs,
    media::{Decoder, MediaConfig},
};
use anyhow::Result;

/// Returns the configuration that the arguments ask for.
pub(super) fn config(fetch: &FetchArgs) -> Result<MediaConfig> {
    // Without a path to this program, pictures are decoded on a thread.
    let decoder = std::env::current_exe().map_or(Decoder::InProcess, Decoder::Process);
    Ok(MediaConfig { decoder, ..fetch.media()? })
}
