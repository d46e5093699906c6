//! The program: runs the command that its arguments name and returns the exit code. See the library for the map.

use std::process::ExitCode;
use thumbview::command;

fn main() -> ExitCode {
    command::run(std::env::args_os()).unwrap_or_else(|error| command::fail(&error))
}
