//! `man`: prints the manual page of the program or of a command.

use super::stdio::STDOUT;
use crate::{
    app::{FILTER_RULE, FILTER_WORDS, keymap::SECTIONS},
    cli::{self, ManArgs, UsageError},
};
use anyhow::{Context as _, Result};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// The exit codes and their meaning.
const EXIT_CODES: [(&str, &str); 6] = [
    ("0", "Success; also q, Ctrl-C as a key in full screen, and a closed stdout."),
    (
        "1",
        "A file cannot be read, a picture that was asked for cannot be fetched, check could judge none, or there is no terminal where one is needed.",
    ),
    ("2", "Wrong usage, config file or filter."),
    ("3", "Everything was read, and no snapshot event and no asset was in it."),
    ("4", "check found bad pictures."),
    ("129, 130, 131, 143", "SIGHUP, SIGINT, SIGQUIT, SIGTERM."),
];

pub(super) fn run(args: &ManArgs) -> Result<ExitCode> {
    let mut definition = cli::definition();
    definition.build();
    let definition = match &args.command {
        None => definition,
        Some(name) => definition
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| UsageError::new(format!("no command \"{name}\": `thumbview --help` lists them")))?,
    };
    io::stdout().write_all(&page(definition)?).context(STDOUT)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the page of a command: what clap knows, and what it does not.
fn page(definition: clap::Command) -> io::Result<Vec<u8>> {
    let has = |name: &str| definition.get_arguments().any(|arg| arg.get_long() == Some(name));
    let mut sections = Roff::new();
    if has("theme") && has("filter") {
        keys(&mut sections);
    }
    if has("filter") {
        words(&mut sections);
    }
    sections.control("SH", ["EXIT STATUS"]);
    list(&mut sections, EXIT_CODES);
    let has_commands = definition.has_subcommands();
    let has_extra = definition.get_after_long_help().is_some() || definition.get_after_help().is_some();
    let has_version = definition.get_version().is_some();
    let man = Man::new(definition);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    sections.to_writer(&mut text)?;
    if has_extra {
        man.render_extra_section(&mut text)?;
    }
    if has_version {
        man.render_version_section(&mut text)?;
    }
    Ok(text)
}

/// Adds the keys of the full screen, in the sections of its help.
fn keys(page: &mut Roff) {
    page.control("SH", ["KEYS"]);
    for section in SECTIONS {
        page.control("SS", [section.title]);
        list(page, section.bindings.iter().map(|binding| (binding.keys.join(" "), binding.help)));
    }
}

/// Adds the words of a filter.
fn words(page: &mut Roff) {
    page.control("SH", ["FILTER"]);
    page.text([roman("The words of -e, of --alert and of the key f. An asset passes if")]);
    list(page, FILTER_WORDS.iter().map(|word| (word.examples, word.passes)));
    page.control("PP", []);
    page.text([roman(FILTER_RULE)]);
}

/// Adds a list of terms and their meaning.
fn list<'a, T: Into<String>>(page: &mut Roff, entries: impl IntoIterator<Item = (T, &'a str)>) {
    for (term, meaning) in entries {
        page.control("TP", []);
        page.text([bold(term)]);
        page.text([roman(meaning)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap;

    #[test]
    fn the_page_has_keys_words_and_exit_codes() {
        let mut definition = cli::definition();
        definition.build();
        let list = definition.find_subcommand("list").cloned().unwrap();
        let plain = |definition| {
            String::from_utf8(page(definition).unwrap()).unwrap().replace("\\-", "-").replace("\\*(Aq", "'")
        };
        let (whole, list) = (plain(definition), plain(list));
        for binding in keymap::bindings() {
            assert!(whole.contains(binding.help), "{} is not in\n{whole}", binding.help);
        }
        assert!(FILTER_WORDS.iter().all(|word| list.contains(word.passes)), "{list}");
        for heading in ["KEYS", "FILTER", "EXIT STATUS", "OPTIONS", "EXTRA", "VERSION"] {
            assert!(
                whole.contains(&format!(".SH \"{heading}\"")) || whole.contains(&format!(".SH {heading}")),
                "{heading}"
            );
        }
        assert!(!list.contains(".SH KEYS"), "list has no keys");
    }
}
