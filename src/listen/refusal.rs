//! The reasons for which a callback is refused: the status of the answer, and the sentence for the operator.
//!
//! Senders repeat a request after a 5xx only, so that whatever may be kept later is answered with one.

/// The reason for which a callback is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum CallbackRefusal {
    /// The request is no POST.
    Method,
    /// The bytes are no HTTP request.
    NotHttp,
    /// The head is too large.
    HeadTooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The body ended early.
    CutOff,
    /// The body is too large.
    TooLarge,
    /// There is neither an event nor a message of SMN in it.
    NoEvent,
    /// It has no signature.
    Unsigned,
    /// Its signature is not that of a trusted key.
    WrongSignature,
    /// Its topic is not one of those that were named.
    UnknownTopic,
    /// The value of this field makes it unclear what was signed.
    AmbiguousField(&'static str),
    /// A field stands twice.
    RepeatedField,
    /// An event stands outside of what is signed.
    UnsignedEvent,
    /// It is a message of SMN, and no certificate was given.
    NoCertificate,
    /// It is a message of MFS, and no key was given.
    NoKey,
    /// It could not be written to the journal.
    NotStored,
}

impl CallbackRefusal {
    /// Returns the status of the answer.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::NotHttp | Self::CutOff | Self::NoEvent => 400,
            Self::Unsigned
            | Self::WrongSignature
            | Self::UnknownTopic
            | Self::AmbiguousField(_)
            | Self::RepeatedField
            | Self::UnsignedEvent
            | Self::NoCertificate
            | Self::NoKey => 403,
            Self::Method => 405,
            Self::TooSlow => 408,
            Self::TooLarge => 413,
            Self::HeadTooLarge => 431,
            Self::NotStored => 503,
        }
    }

    /// Returns the reason as the rest of a sentence that begins with "refused: ".
    pub(super) fn reason(self) -> String {
        match self {
            Self::Method => "callbacks must be sent by POST".to_owned(),
            Self::NotHttp => "not HTTP; a sender that uses https needs --tls-cert and --tls-key here".to_owned(),
            Self::HeadTooLarge => "the head is larger than 64 KiB, or has more than 100 lines".to_owned(),
            Self::TooSlow => "the body took longer than 2 s".to_owned(),
            Self::CutOff => "the body ended early".to_owned(),
            Self::TooLarge => "the body is larger than 512 KiB".to_owned(),
            Self::NoEvent => "neither an event of VOD nor a message of SMN".to_owned(),
            Self::Unsigned => "the signature is missing".to_owned(),
            Self::WrongSignature => "the signature is wrong".to_owned(),
            Self::UnknownTopic => "the topic is not one of --topic".to_owned(),
            Self::AmbiguousField(field) => format!("{field} has a value that a signed message cannot have"),
            Self::RepeatedField => "a field occurs twice".to_owned(),
            Self::UnsignedEvent => "an event lies outside the signed text".to_owned(),
            Self::NoCertificate => "messages of SMN need --smn-cert and --topic".to_owned(),
            Self::NoKey => "messages of MFS need --mfs-key-file".to_owned(),
            Self::NotStored => "the journal cannot be written".to_owned(),
        }
    }
}
