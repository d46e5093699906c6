//! Modules that tests, benches and fuzz targets share.

pub(crate) mod checks;
pub(crate) mod hostile;
pub(crate) mod mutations;
pub(crate) mod pty;
pub(crate) mod server;
pub(crate) mod stage;
pub(crate) mod storm;
