//! The choice of pictures to fetch.

/// The pictures that are fetched from the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchMode {
    /// Those that are looked at, and those that are likely to be looked at next.
    #[default]
    Prefetch,
    /// Those that are looked at.
    OnDemand,
    /// None; only what the cache holds is shown.
    Never,
}
