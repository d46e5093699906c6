//! Styles in which programs write events.

use std::borrow::Cow;

/// The text between the values of an event.
pub(super) struct Style {
    pub(super) list: Spelling,
    pub(super) kind_first: &'static str,
    pub(super) info_first: &'static str,
    pub(super) status: &'static str,
    pub(super) sample: &'static str,
    pub(super) dots: &'static str,
    pub(super) error_code: &'static str,
    pub(super) error_msg: &'static str,
    pub(super) kind_last: &'static str,
}

/// The text of a picture list: between pictures, before an offset, before a URL, and within URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) comma: &'static str,
    pub(super) offset: &'static str,
    pub(super) url: &'static str,
    pub(super) slashes: Slashes,
}

/// The spelling of slashes in URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slashes {
    Plain,
    /// As `\/`.
    Escaped,
}

/// The style of VOD itself.
pub(super) const COMPACT: Style = Style {
    list: Spelling { comma: ",", offset: r#"{"offset":"#, url: r#","url":""#, slashes: Slashes::Plain },
    kind_first: r#"{"event_type":"thumbnailComplete","thumbnail_info":{"asset_id":""#,
    info_first: r#"{"thumbnail_info":{"asset_id":""#,
    status: r#","status":""#,
    sample: r#","sample":["#,
    dots: r#","dots":["#,
    error_code: r#","error_code":""#,
    error_msg: r#","error_msg":""#,
    kind_last: r#"},"event_type":"thumbnailComplete"}"#,
};

/// The style of PHP: with `\/`.
pub(super) const SLASHED: Style = Style { list: Spelling { slashes: Slashes::Escaped, ..COMPACT.list }, ..COMPACT };

/// The style of Python: with a space after colons and commas.
pub(super) const SPACED: Style = Style {
    list: Spelling { comma: ", ", offset: r#"{"offset": "#, url: r#", "url": ""#, slashes: Slashes::Plain },
    kind_first: r#"{"event_type": "thumbnailComplete", "thumbnail_info": {"asset_id": ""#,
    info_first: r#"{"thumbnail_info": {"asset_id": ""#,
    status: r#", "status": ""#,
    sample: r#", "sample": ["#,
    dots: r#", "dots": ["#,
    error_code: r#", "error_code": ""#,
    error_msg: r#", "error_msg": ""#,
    kind_last: r#"}, "event_type": "thumbnailComplete"}"#,
};

impl Slashes {
    pub(super) fn spell(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => text.into(),
            Self::Escaped => text.replace('/', "\\/").into(),
        }
    }
}
