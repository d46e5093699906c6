//! One event text → an event.
