//! Tests of the media module against servers that fail in every way.

pub(crate) mod decode;
pub(crate) mod disk;
mod fetch;
pub(crate) mod isolation;
mod nginx;
mod tls;

use crate::{
    harness::{Child, Test, skip},
    support::server::{self, Act, ImageServer, answer, picture, redirect},
};
use std::{sync::Arc, time::Duration};
use thumbview::{
    event::{AssetId, Offset, PictureKind, PictureUrl},
    media::{Decoder, HostBound, Media, MediaConfig, spawn},
    picture::{EventKey, FetchMode, Picture, PictureFailure, PictureKey, PictureRequest, PictureUpdate},
    text::Safe,
};
use tokio::sync::mpsc::Receiver;

pub(crate) const BASE: &[u8] = include_bytes!("../fixtures/hostile/base.jpg");

fn key(index: u32) -> PictureKey {
    PictureKey { event: EventKey(0), kind: PictureKind::Sample, index }
}

fn request(index: u32, url: &str) -> PictureRequest {
    PictureRequest {
        key: key(index),
        asset: AssetId::new("14d7b2faba0dddd6b4e8936272d6bc3f").unwrap(),
        offset: Offset::from_millis(i64::from(index) * 5000),
        url: PictureUrl::new(url),
    }
}

/// Settings that allow these hosts.
fn config(allowed: &[&str]) -> MediaConfig {
    let mut config = MediaConfig::default();
    config.policy.allow_hosts = allowed.iter().map(|host| host.parse().unwrap()).collect();
    config
}

/// The same with a short timeout.
fn impatient(allowed: &[&str]) -> MediaConfig {
    MediaConfig { idle_timeout: Duration::from_millis(600), ..config(allowed) }
}

type Outcome = Result<Arc<Picture>, PictureFailure>;

/// Waits for the answer to a key.
async fn answer_to(updates: &mut Receiver<PictureUpdate>, wanted: PictureKey) -> Outcome {
    loop {
        match updates.recv().await.unwrap() {
            PictureUpdate::Loaded(key, picture) if key == wanted => return Ok(picture),
            PictureUpdate::Failed(key, error) if key == wanted => return Err(error),
            PictureUpdate::Started(_)
            | PictureUpdate::Dropped(_)
            | PictureUpdate::Loaded(..)
            | PictureUpdate::Failed(..)
            | PictureUpdate::Prepared(..) => {}
        }
    }
}

async fn load(config: MediaConfig, url: &str) -> Outcome {
    let (media, mut updates) = spawn(config);
    media.want(vec![request(0, url)]);
    answer_to(&mut updates, key(0)).await
}

fn lines(error: &PictureFailure) -> Vec<&str> {
    std::iter::once(&error.what).chain(&error.advice).map(Safe::as_str).collect()
}

/// Returns the first line of the failure.
async fn failure(config: MediaConfig, url: &str) -> String {
    load(config, url).await.unwrap_err().what.as_str().to_owned()
}

pub(crate) fn tests() -> Vec<Test> {
    [decode::tests(), disk::tests(), fetch::tests(), isolation::tests(), nginx::tests(), tls::tests()]
        .into_iter()
        .flatten()
        .collect()
}
