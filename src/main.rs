//! The program: parses the arguments, runs, and gives the exit code. See the library for the map.

use std::process::ExitCode;
use thumbview::runtime;

fn main() -> ExitCode {
    match runtime::run(std::env::args_os()) {
        Ok(code) => code,
        Err(error) => {
            runtime::complain(&error);
            ExitCode::FAILURE
        }
    }
}
