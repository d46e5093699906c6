//! A record → the event texts in it.
