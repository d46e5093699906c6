//! Addresses of pictures, which hide their secrets unless asked not to.

use super::{
    asset_id::AssetId,
    redact::{self, Reveal},
};
use std::{fmt, sync::Arc};
use url::Url;

/// The address of a picture as it was logged. Printing it hides its secrets; [`PictureUrl::reveal`] does not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PictureUrl(Arc<str>);

impl PictureUrl {
    /// Keeps an address as it was logged, valid or not.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Returns the text with its secrets, for the request itself and for deliberate acts such as copying.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns `true` if the address names another asset: `…/asset/{id}/…` with another id.
    pub fn is_foreign(&self, asset: &AssetId) -> bool {
        names_other(&self.0, asset.spell(&mut [0; 32]))
    }

    /// Returns the host and port, by which requests to one host are counted; empty if there is none.
    pub fn host_key(&self) -> Arc<str> {
        let url = Url::parse(&self.0).ok();
        let key = url.and_then(|url| Some(format!("{}:{}", url.host()?, url.port_or_known_default()?)));
        key.unwrap_or_default().into()
    }

    /// Returns the text with every secret as `***`: signatures and tokens in the query, user info, and the signature segments
    /// that hotlink keys of type B and C put before `/asset/`.
    pub fn redacted(&self) -> String {
        redact::url(&self.0)
    }

    /// Returns the text with its secrets shown or hidden.
    pub fn shown(&self, reveal: Reveal) -> String {
        match reveal {
            Reveal::Hide => self.redacted(),
            Reveal::Show => self.0.to_string(),
        }
    }
}

impl fmt::Display for PictureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl fmt::Debug for PictureUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PictureUrl({self})")
    }
}

/// The length from which on a path segment is an id and no word.
const LEAST_ID: usize = 16;

/// Returns `true` if a URL has an id after `/asset/` and none of those is `own`.
pub(super) fn names_other(url: &str, own: &str) -> bool {
    let is_id = |segment: &&str| {
        segment.len() >= LEAST_ID && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let segments = url.match_indices("/asset/").filter_map(|(at, word)| url.get(at + word.len()..)?.split_once('/'));
    let mut ids = segments.map(|(segment, _)| segment).filter(is_id).peekable();
    ids.peek().is_some() && ids.all(|id| !id.eq_ignore_ascii_case(own))
}

/// Returns the id in `…/asset/{32 hexadecimal digits}/…`.
pub(super) fn asset_in(url: &str) -> Option<&str> {
    url.get(asset_at(url)?..)?.get(..32)
}

/// Returns the index of that id.
pub(super) fn asset_at(url: &str) -> Option<usize> {
    url.match_indices("/asset/").map(|(at, word)| at + word.len()).find(|at| {
        let after = url.get(*at..).and_then(|rest| rest.split_at_checked(32));
        after.is_some_and(|(id, rest)| rest.starts_with('/') && id.bytes().all(|b| b.is_ascii_hexdigit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_any_form_are_compared() {
        let (own, other) = ("14d7b2faba0dddd6b4e8936272d6bc3f", "9c1e77e2a05b4a7a8d6df9fd8e8f4d21");
        let check = |url: &str, own: &str, expected| assert_eq!(names_other(url, own), expected, "{url}");
        check(&format!("https://h/asset/{other}/0.jpg"), own, true);
        check(&format!("https://h/asset/{own}/0.jpg"), own, false);
        check(&format!("https://h/asset/{}/0.jpg", own.to_uppercase()), own, false);
        check("https://h/asset/9c1e77e2-a05b-4a7a-8d6d-f9fd8e8f4d21/0.jpg", own, true);
        check("https://h/asset/vod_2026_video_0000123/0.jpg", "vod_2026_video_0000124", true);
        check("https://h/asset/vod_2026_video_0000124/0.jpg", "vod_2026_video_0000124", false);
        check("https://h/asset/snapshot/0.jpg", own, false);
        check(&format!("https://h/asset/{other}"), own, false);
        check(&format!("https://h/asset/{other}/asset/{own}/0.jpg"), own, false);
        check(&format!("https://h/x/{other}/0.jpg"), own, false);
    }

    #[test]
    fn host_keys_tell_hosts_and_ports_apart() {
        let check = |url: &str, expected: &str| assert_eq!(&*PictureUrl::new(url).host_key(), expected);
        check("https://A.example/x", "a.example:443");
        check("http://a.example/x", "a.example:80");
        check("http://127.1:8787/x", "127.0.0.1:8787");
        check("nonsense", "");
    }
}
