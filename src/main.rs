//! The program: see the library for the map.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == thumbview::media::DECODE_ARGUMENT) {
        return thumbview::media::decode_main();
    }
    ExitCode::SUCCESS
}
