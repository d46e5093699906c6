//! JSON that a terminal can be shown: every control character (C0, DEL and C1) is written as a `\u` escape.

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::io::{self, Write};

/// Writes a value and a line end.
pub(super) fn write_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    write(out, value)?;
    out.write_all(b"\n")
}

/// Writes the object of assets and summary, one asset per line.
pub(super) fn write_list<T: Serialize>(
    out: &mut impl Write,
    assets: impl Iterator<Item = T>,
    summary: &impl Serialize,
) -> io::Result<()> {
    out.write_all(b"{\"assets\":[")?;
    for (index, asset) in assets.enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        write(out, &asset)?;
    }
    out.write_all(b"\n],\"summary\":")?;
    write(out, summary)?;
    out.write_all(b"}\n")
}

fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, ControlEscaper)).map_err(io::Error::from)
}

struct ControlEscaper;

impl Formatter for ControlEscaper {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_control()) {
            let (plain, tail) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let mut chars = tail.chars();
            write!(out, "\\u{:04x}", chars.next().map_or(0, u32::from))?;
            rest = chars.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        let code = match escape {
            CharEscape::Quote => return out.write_all(b"\\\""),
            CharEscape::ReverseSolidus => return out.write_all(b"\\\\"),
            CharEscape::Solidus => return out.write_all(b"/"),
            CharEscape::Backspace => 8,
            CharEscape::FormFeed => 12,
            CharEscape::LineFeed => b'\n',
            CharEscape::CarriageReturn => b'\r',
            CharEscape::Tab => b'\t',
            CharEscape::AsciiControl(byte) => byte,
        };
        write!(out, "\\u{code:04x}")
    }
}
