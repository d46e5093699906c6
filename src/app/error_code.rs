//! The meanings of error codes.
//!
//! They are those of Huawei's tables of VOD and MPC error codes, in our words. They are hints: the documents themselves
//! show a code that is in no table, so code and message are always shown as well.

/// The meaning of an error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The cause of the failure.
    pub what: &'static str,
    /// A remedy for the operator.
    pub advice: &'static str,
}

/// Returns the meaning of a code, if a table has it.
pub fn meaning(code: &str) -> Option<Meaning> {
    let code = code.trim().to_ascii_uppercase();
    MEANINGS.iter().find(|(codes, ..)| codes.contains(&code.as_str())).map(|(_, what, advice)| Meaning { what, advice })
}

type MeaningRow = (&'static [&'static str], &'static str, &'static str);

const MEANINGS: &[MeaningRow] = &[
    (&["VOD.10104"], "the snapshot task failed", "check the source video, then run the snapshot task again"),
    (&["VOD.10013"], "unknown: not in any published table", "run it again; if the error persists, open a ticket"),
    (&["VOD.10051", "VOD.10052", "VST.10002"], "internal error of the service", "retry, then open a ticket"),
    (&["VOD.10053", "VOD.10081", "VST.10001"], "a field of the request is wrong", "check the parameters"),
    (&["VOD.10054", "VST.10004"], "authentication failed", "check the token or the AK/SK"),
    (
        &["VOD.10060", "VOD.10061", "VOD.10083"],
        "the asset does not exist yet, or its state does not allow this",
        "wait for upload and transcoding to finish",
    ),
    (&["VOD.10062"], "the asset does not exist", "check the id; it may have been deleted"),
    (&["VOD.10063"], "the media type is not supported", "check the list of supported formats; transcode first"),
    (&["VOD.10070"], "no permission to publish to the topic", "check the policy of the SMN topic"),
    (&["VOD.10071"], "the Referer header was refused", "check the Referer list of the domain"),
    (
        &["VOD.10075", "VOD.10076", "VOD.10114", "VOD.10138"],
        "the source in OBS cannot be read",
        "check the address and the bucket authorization",
    ),
    (&["VOD.10073", "VOD.10092"], "transcoding failed or was not started", "check the asset's transcoding event"),
    (&["VOD.10079", "VOD.10080", "VOD.10091"], "not an error: the task is done or under way", "nothing"),
    (&["VOD.10099"], "the asset is blocked", "check its review event"),
    (&["VOD.10105"], "the review task failed", "run the review again"),
    (&["VOD.10120", "VOD.10132"], "the account is in arrears or frozen", "settle the account"),
    (&["VOD.10121"], "the source URL could not be fetched", "check that the URL can be reached"),
    (&["VOD.10127"], "too many tasks at once", "try again later"),
    (&["MPC.10061"], "an irregular interval is not supported", "use a fixed interval"),
    (
        &["MPC.10062"],
        "this video codec is not supported for snapshots",
        "transcode first; MPEG-2, H.264, H.265 and ProRes 422 work",
    ),
    (
        &["MPC.10063"],
        "this container format is not supported for snapshots",
        "remux first; MP4, MPG, MOV, MXF, FLV and MPEG-TS work",
    ),
    (&["MPC.10052"], "the input cannot be read", "check the path, the bucket permissions and the OBS Referer list"),
    (&["MPC.10053"], "the input does not exist", "check the path; it may have been deleted"),
    (
        &["MPC.10066", "MPC.10067", "MPC.10083", "MPC.10084"],
        "the source's container, codec or chroma format is not supported",
        "check the source; transcode first",
    ),
    (&["MPC.10050", "MPC.10105", "MPC.10212"], "internal error while processing", "retry, then open a ticket"),
    (&["MPC.10244"], "the account's balance is too low", "settle the account"),
];

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
