//! What error codes mean, and how often each occurs.
//!
//! The meanings are those of Huawei's tables of VOD and MPC error codes, in our words. They are a hint only: the
//! document's own example of a failed cover bears a code that is in no table, so code and text are always shown too.

use crate::{
    catalog::{Asset, AssetKey},
    event::{Reveal, Status, Time},
    text::Safe,
};
use std::collections::BTreeMap;

/// What a code means and what an operator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What happened.
    pub what: &'static str,
    /// What can be done.
    pub advice: &'static str,
}

/// The meaning of a code, where a table has it.
pub fn meaning(code: &str) -> Option<Meaning> {
    let code = code.trim().to_ascii_uppercase();
    MEANINGS.iter().find(|(codes, ..)| codes.contains(&code.as_str())).map(|(_, what, advice)| Meaning { what, advice })
}

type MeaningRow = (&'static [&'static str], &'static str, &'static str);

const MEANINGS: &[MeaningRow] = &[
    (&["VOD.10104"], "the snapshot task failed", "look at the source video, then run the snapshot task again"),
    (&["VOD.10013"], "unknown: in no published table", "run it again; if it stays, open a ticket"),
    (&["VOD.10051", "VOD.10052", "VST.10002"], "internal error of the service", "retry, then open a ticket"),
    (&["VOD.10053", "VOD.10081", "VST.10001"], "a field of the request is wrong", "check the parameters"),
    (&["VOD.10054", "VST.10004"], "authentication failed", "check the token or the AK/SK"),
    (
        &["VOD.10060", "VOD.10061", "VOD.10083"],
        "the asset is not there yet, or its state forbids it",
        "wait for upload and transcoding to end",
    ),
    (&["VOD.10062"], "the asset does not exist", "check the id; it may have been deleted"),
    (&["VOD.10063"], "the media type is not supported", "see the list of formats; transcode first"),
    (&["VOD.10070"], "no right to publish to the topic", "check the policy of the SMN topic"),
    (&["VOD.10071"], "the Referer header was refused", "check the Referer list of the domain"),
    (
        &["VOD.10075", "VOD.10076", "VOD.10114", "VOD.10138"],
        "the source in OBS cannot be read",
        "check the address and the authorisation of the bucket",
    ),
    (&["VOD.10073", "VOD.10092"], "transcoding failed or was not started", "look at the asset's transcode event"),
    (&["VOD.10079", "VOD.10080", "VOD.10091"], "not an error: the task is done or under way", "nothing"),
    (&["VOD.10099"], "the asset is blocked", "look at its review event"),
    (&["VOD.10105"], "the review task failed", "run the review again"),
    (&["VOD.10120", "VOD.10132"], "the account is in arrears or frozen", "settle the account"),
    (&["VOD.10121"], "the source URL could not be pulled", "check that the URL can be reached"),
    (&["VOD.10127"], "too many tasks at once", "try later"),
    (&["MPC.10061"], "an irregular interval is not supported", "use a fixed interval"),
    (
        &["MPC.10062"],
        "this video codec cannot be snapshotted",
        "transcode first; MPEG-2, H.264, H.265 and ProRes 422 work",
    ),
    (&["MPC.10063"], "this container cannot be snapshotted", "remux first; MP4, MPG, MOV, MXF, FLV and MPEG-TS work"),
    (&["MPC.10052"], "the input cannot be read", "check the path, the bucket's rights and the OBS Referer list"),
    (&["MPC.10053"], "the input does not exist", "check the path; it may have been deleted"),
    (
        &["MPC.10066", "MPC.10067", "MPC.10083", "MPC.10084"],
        "the source's container, codec or chroma format is not supported",
        "look at the source; transcode first",
    ),
    (&["MPC.10050", "MPC.10105", "MPC.10212"], "internal error while processing", "retry, then open a ticket"),
    (&["MPC.10244"], "the account's balance is too low", "settle the account"),
];

/// All failures with one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The code; empty where events gave none.
    pub code: Safe,
    /// Assets whose newest event failed with it.
    pub count: usize,
    /// Its first time among them.
    pub first: Option<Time>,
    /// Its last time among them.
    pub last: Option<Time>,
    /// The newest of these assets.
    pub example: AssetKey,
    /// That asset's message.
    pub message: Safe,
}

/// The codes of all failed assets, the most frequent first.
pub fn tabulate<'a>(assets: impl Iterator<Item = Asset<'a>>, reveal: Reveal) -> Vec<CodeRow> {
    let mut rows: BTreeMap<String, (CodeRow, crate::catalog::Rank)> = BTreeMap::new();
    for asset in assets.filter(|asset| *asset.status() == Status::Failed) {
        let fault = asset.fault();
        let (code, message) =
            (fault.map_or("", |fault| &fault.code), fault.map(|fault| fault.shown(reveal)).unwrap_or_default());
        let (time, rank) = (asset.newest().time, asset.rank());
        let (row, newest) = rows.entry(code.to_owned()).or_insert_with(|| {
            let row = CodeRow {
                code: Safe::new(code),
                count: 0,
                first: time,
                last: time,
                example: asset.key(),
                message: message.clone(),
            };
            (row, rank)
        });
        row.count += 1;
        row.first = [row.first, time].into_iter().flatten().min();
        row.last = row.last.max(time);
        if rank > *newest {
            *newest = rank;
            row.example = asset.key();
            row.message = message;
        }
    }
    let mut rows: Vec<CodeRow> = rows.into_values().map(|(row, _)| row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_codes_in_any_case() {
        assert_eq!(meaning("vod.10104").map(|m| m.what), Some("the snapshot task failed"));
        assert_eq!(meaning("VOD.99999"), None);
        assert_eq!(meaning(""), None);
    }
}
