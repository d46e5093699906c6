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

    /// Returns `true` if the address names another asset: `…/asset/{32 hexadecimal digits}/…` with another id.
    pub fn is_foreign(&self, asset: &AssetId) -> bool {
        asset_in(&self.0).is_some_and(|id| !id.eq_ignore_ascii_case(asset.spell(&mut [0; 32])))
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
    fn host_keys_tell_hosts_and_ports_apart() {
        let check = |url: &str, expected: &str| assert_eq!(&*PictureUrl::new(url).host_key(), expected);
        check("https://A.example/x", "a.example:443");
        check("http://a.example/x", "a.example:80");
        check("http://127.1:8787/x", "127.0.0.1:8787");
        check("nonsense", "");
    }
}
