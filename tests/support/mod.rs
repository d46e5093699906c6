//! Modules that tests, benches and fuzz targets share.

pub(crate) mod checks;
pub(crate) mod hostile;
#[cfg(feature = "kafka")]
pub(crate) mod kafka;
#[cfg(feature = "kafka")]
mod kafka_wire;
#[cfg(feature = "kafka")]
pub(crate) mod mock_cluster;
pub(crate) mod mutations;
pub(crate) mod pty;
pub(crate) mod running;
pub(crate) mod server;
pub(crate) mod stage;
pub(crate) mod storm;
