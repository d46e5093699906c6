//! A check as a JUnit report: a test case for each asset, which fails if a picture is bad.
//!
//! Written by hand, since it is one element in another. All text is [`Safe`], and the few characters that XML forbids
//! beyond control characters are left out, so that the file is valid whatever a log holds.

use super::checked::{CheckReport, CheckRow, CheckedFinding};
use crate::{judge::Grade, text::Safe};
use std::io;

/// Writes the report.
pub(super) fn write(out: &mut impl io::Write, report: CheckReport<'_>) -> io::Result<()> {
    let count = |is: fn(&CheckRow<'_>) -> bool| report.all_rows().filter(is).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        report.all_rows().count(),
        count(is_failed),
        count(is_skipped)
    );
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"thumbview check\" {counts}>")?;
    writeln!(out, "  <testsuite name=\"thumbview check\" {counts}>")?;
    report.all_rows().try_for_each(|row| write_case(out, &row))?;
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn is_failed(row: &CheckRow<'_>) -> bool {
    row.checked.tally.bad > 0
}

/// Returns whether nothing is known of any picture of an asset, as of one that has none.
fn is_skipped(row: &CheckRow<'_>) -> bool {
    row.checked.tally.unchecked == row.checked.tally.pictures
}

fn write_case(out: &mut impl io::Write, row: &CheckRow<'_>) -> io::Result<()> {
    let title = row.title().map(|title| format!(" {title}")).unwrap_or_default();
    let name = escaped(&format!("{}{title}", row.id()));
    write!(out, "    <testcase classname=\"thumbview.check\" name=\"{name}\"")?;
    if row.checked.findings.is_empty() && !is_skipped(row) {
        return writeln!(out, "/>");
    }
    writeln!(out, ">")?;
    let lines: Vec<String> = row.checked.findings.iter().map(|finding| line(row, finding)).collect();
    if is_failed(row) {
        let bad = row.checked.findings.iter().filter(|finding| finding.grade == Grade::Bad);
        let worst = bad.map(|finding| finding.verdict).min();
        let kind = worst.map_or("bad", |verdict| verdict.as_str());
        let message = escaped(&row.summary());
        writeln!(out, "      <failure type=\"{kind}\" message=\"{message}\">\n{}\n</failure>", lines.join("\n"))?;
    } else if is_skipped(row) {
        let why =
            if row.checked.tally.pictures == 0 { "it has no pictures" } else { "nothing is known of its pictures" };
        writeln!(out, "      <skipped message=\"{why}\"/>")?;
    }
    if !is_failed(row) && !lines.is_empty() {
        writeln!(out, "      <system-out>\n{}\n</system-out>", lines.join("\n"))?;
    }
    writeln!(out, "    </testcase>")
}

/// Returns a finding as a line of text: verdict, picture, reason, address.
fn line(row: &CheckRow<'_>, finding: &CheckedFinding) -> String {
    let (kind, offset) = (finding.picture.key.kind.as_str(), finding.picture.offset);
    escaped(&format!("{} {kind} {offset}: {} {}", finding.verdict, finding.reason, row.url(finding)))
}

/// Returns text for an attribute or an element.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in Safe::new(text).as_str().chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // What the production Char of XML 1.0 leaves out.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_what_xml_forbids_is_dropped() {
        assert_eq!(escaped("<a href=\"x&y\">"), "&lt;a href=&quot;x&amp;y&quot;&gt;");
        assert!(!escaped("a\u{fffe}b\u{ffff}").contains(['\u{fffe}', '\u{ffff}']));
        assert_eq!(escaped("\u{1b}[2J\0"), "␛[2J␀");
        assert_eq!(escaped("新品 😀"), "新品 😀");
    }
}
