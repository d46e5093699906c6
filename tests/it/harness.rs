//! Runs the tests of this binary on `libtest-mimic`, and the programs that tests start.
//!
//! The standard harness owns `main`, cannot tell that a test skipped itself, and has no place for a program that is
//! to run on a terminal, in a namespace, or until it is killed. A module lists its tests with [`tests!`](crate::tests)
//! instead of attributes; the compiler denies dead code, and a test that no list names is dead.

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::{
    env,
    panic::resume_unwind,
    process::{Command, ExitCode},
    sync::{Mutex, PoisonError},
    thread,
};

/// The variable that holds the name of the [child](Child) to run in place of the tests.
const CHILD: &str = "THUMBVIEW_TEST_CHILD";

/// Lists the tests of a module: functions without arguments, `async` or not, that panic to fail.
#[macro_export]
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub(crate) fn tests() -> Vec<$crate::harness::Test> {
            vec![$($crate::harness::Test::new(concat!(module_path!(), "::", stringify!($name)), $name)),*]
        }
    };
}

/// A function that can be run as a test. `Kind` tells plain functions from `async` ones.
pub(crate) trait Run<Kind>: Send + 'static {
    fn run(self);
}

pub(crate) struct Plain;
pub(crate) struct Async;

impl<F: FnOnce() + Send + 'static> Run<Plain> for F {
    fn run(self) {
        self();
    }
}

impl<F: AsyncFnOnce() + Send + 'static> Run<Async> for F {
    fn run(self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a test can have a runtime").block_on(self());
    }
}

pub(crate) struct Test {
    /// The path below the crate, such as `media::fetch::redirects_are_followed`.
    name: &'static str,
    run: Box<dyn FnOnce() + Send>,
}

impl Test {
    /// The path below the crate.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the test as a part of another one.
    pub(crate) fn run(self) {
        (self.run)();
    }

    pub(crate) fn new<Kind>(path: &'static str, run: impl Run<Kind>) -> Self {
        let name = path.split_once("::").map_or(path, |(_crate, name)| name);
        Self { name, run: Box::new(|| run.run()) }
    }
}

/// A program that a test starts as a process of its own: this binary with [`CHILD`] set.
pub(crate) struct Child {
    name: &'static str,
    run: Box<dyn FnOnce()>,
}

impl Child {
    pub(crate) fn new<Kind>(name: &'static str, run: impl Run<Kind>) -> Self {
        Self { name, run: Box::new(|| run.run()) }
    }

    /// The command that runs the child of this name.
    pub(crate) fn command(name: &str) -> Command {
        let mut command = Command::new(this_program());
        command.env(CHILD, name);
        command
    }

    /// The same for those who take words: `env` sets the variable and becomes this program.
    pub(crate) fn words(name: &str) -> [String; 3] {
        ["env".to_owned(), format!("{CHILD}={name}"), this_program()]
    }
}

fn this_program() -> String {
    let path = env::current_exe().expect("a process knows its program");
    path.into_os_string().into_string().expect("the path of the build is UTF-8")
}

/// The payload of the unwinding that [`skip`] begins.
struct Skipped(String);

static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Ends the test as skipped, which is neither passed nor failed, for a reason that names what this machine lacks.
pub(crate) fn skip(reason: impl Into<String>) -> ! {
    resume_unwind(Box::new(Skipped(reason.into())))
}

/// Runs the child that the environment names, if any; returns whether one has run.
pub(crate) fn serve(children: Vec<Child>) -> bool {
    let Ok(wanted) = env::var(CHILD) else { return false };
    let child = children.into_iter().find(|child| child.name == wanted);
    (child.unwrap_or_else(|| panic!("{CHILD}={wanted} is unknown")).run)();
    true
}

/// Runs the tests that the arguments select, and prints what was skipped at the end.
pub(crate) fn main(tests: Vec<Test>) -> ExitCode {
    let trials = tests.into_iter().map(|test| Trial::ignorable_test(test.name, move || complete(test))).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    let skipped = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if !skipped.is_empty() {
        println!("{} skipped: {}\n", skipped.len(), skipped.join("; "));
    }
    conclusion.exit_code()
}

/// Runs a test on a thread of its name, which messages of panics show.
fn complete(test: Test) -> Result<Completion, Failed> {
    let Test { name, run } = test;
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run)?;
    let Err(payload) = thread.join() else { return Ok(Completion::Completed) };
    match payload.downcast::<Skipped>() {
        Ok(skipped) => {
            let Skipped(reason) = *skipped;
            SKIPPED.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{name} ({reason})"));
            Ok(Completion::ignored_with(reason))
        }
        Err(payload) => resume_unwind(payload),
    }
}
