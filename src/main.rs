<<<<<<< HEAD
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
=======
//! The program: see the library for the map.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == thumbview::media::DECODE_ARGUMENT) {
        return thumbview::media::decode_main();
    }
    ExitCode::SUCCESS
>>>>>>> 0a236d1c38b93eda324c4a3d5913d7bc7318aa7d
}
