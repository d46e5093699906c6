//! Objects in the literal notations of programming languages, converted to JSON.
//!
//! One parser reads Python's `repr` of a dict, Ruby's hashes, JavaScript literals as Node's `inspect` prints them, and
//! Perl's and Elixir's maps. An object in which something was left out by its printer is refused, never guessed.

use crate::event::fields::unescape;

/// The deepest nesting that is read.
const DEPTH_MAX: u32 = 64;

/// The reason why a text is no readable object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::event) enum LiteralError {
    /// It is not of these notations, or it is cut off.
    Syntax,
    /// The printer has left out a part, such as `[Object]` or `...`.
    Elided,
}

/// Reads the object at the start of `text`. Returns the length of what was read and the same object as JSON.
pub(in crate::event) fn to_json(text: &str) -> (usize, Result<String, LiteralError>) {
    let mut parser = Parser { text, at: 0, json: String::new() };
    let result = parser.object(0);
    (parser.at, result.map(|()| parser.json))
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    json: String,
}

type Parsed = Result<(), LiteralError>;

impl Parser<'_> {
    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&mut self) -> Option<u8> {
        self.at += self.rest().iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.rest().first().copied()
    }

    /// Skips `token` where it comes next.
    fn skip(&mut self, token: &str) -> bool {
        let found = self.peek().is_some() && self.rest().starts_with(token.as_bytes());
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Parsed {
        if self.skip(token) { Ok(()) } else { Err(LiteralError::Syntax) }
    }

    fn object(&mut self, depth: u32) -> Parsed {
        self.expect("{")?;
        self.json.push('{');
        let mut first = true;
        while !self.skip("}") {
            if !first {
                self.expect(",")?;
                if self.skip("}") {
                    break;
                }
                self.json.push(',');
            }
            first = false;
            self.key()?;
            self.json.push(':');
            self.value(depth)?;
        }
        self.json.push('}');
        Ok(())
    }

    /// Reads a key and what separates it from its value: `:` or `=>`.
    fn key(&mut self) -> Parsed {
        match self.peek() {
            Some(b'\'' | b'"' | b'`') => self.string()?,
            Some(b':') => self.symbol()?,
            Some(b'.') => return Err(LiteralError::Elided),
            _ => {
                let word = self.word().to_owned();
                match word.as_str() {
                    "" => return Err(LiteralError::Syntax),
                    "b" | "u" | "r" if matches!(self.rest().first(), Some(b'\'' | b'"')) => self.string()?,
                    _ => self.push_string(&word),
                }
            }
        }
        if self.skip("=>") { Ok(()) } else { self.expect(":") }
    }

    fn value(&mut self, depth: u32) -> Parsed {
        if depth == DEPTH_MAX {
            return Err(LiteralError::Syntax);
        }
        match self.peek().ok_or(LiteralError::Syntax)? {
            b'{' => self.object(depth + 1),
            b'[' => self.list(depth + 1, "]"),
            b'(' => self.list(depth + 1, ")"),
            b'\'' | b'"' | b'`' => self.string(),
            b':' => self.symbol(),
            b'.' => Err(LiteralError::Elided),
            _ => self.word_value(),
        }
    }

    fn list(&mut self, depth: u32, end: &str) -> Parsed {
        self.at += 1;
        self.json.push('[');
        let mut first = true;
        while !self.skip(end) {
            if !first {
                self.expect(",")?;
                if self.skip(end) {
                    break;
                }
                self.json.push(',');
            }
            first = false;
            self.value(depth)?;
        }
        self.json.push(']');
        Ok(())
    }

    /// Reads a number, a constant or a prefixed string.
    fn word_value(&mut self) -> Parsed {
        let word = self.word().to_owned();
        match word.as_str() {
            "null" | "None" | "nil" | "undefined" | "undef" => self.json.push_str("null"),
            "true" | "True" => self.json.push_str("true"),
            "false" | "False" => self.json.push_str("false"),
            "Object" | "Array" => return Err(LiteralError::Elided),
            "b" | "u" | "r" if matches!(self.rest().first(), Some(b'\'' | b'"')) => return self.string(),
            _ if serde_json::from_str::<serde_json::Number>(&word).is_ok() => self.json.push_str(&word),
            _ => return Err(LiteralError::Syntax),
        }
        Ok(())
    }

    /// Reads a name or a number, which may be empty.
    fn word(&mut self) -> &str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.' | b'+' | b'-'));
        let (word, _) = rest.split_at(len.count());
        self.at += word.len();
        word
    }

    /// Reads a symbol of Ruby: `:name` or `:"name"`.
    fn symbol(&mut self) -> Parsed {
        self.at += 1;
        if matches!(self.rest().first(), Some(b'"')) {
            return self.string();
        }
        let word = self.word().to_owned();
        if word.is_empty() {
            return Err(LiteralError::Syntax);
        }
        self.push_string(&word);
        Ok(())
    }

    /// Reads a string in the quotes with which it begins.
    fn string(&mut self) -> Parsed {
        let (start, end) = (self.at + 1, string_end(self.text.as_bytes(), self.at).ok_or(LiteralError::Syntax)?);
        let inner = self.text.get(start..end - 1).unwrap_or_default();
        self.at = end;
        self.push_string(&unescape(inner));
        Ok(())
    }

    fn push_string(&mut self, text: &str) {
        self.json.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// Returns the position after the string that begins with the quote at `at`.
pub(in crate::event) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let quote = *text.get(at)?;
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(quote, b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&quote) {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_literals_of_many_languages() {
        let check = |text: &str, expected: Result<&str, LiteralError>| {
            let (_, found) = to_json(text);
            assert_eq!(found.as_deref().map_err(|error| *error), expected, "{text}");
        };
        check(
            "{'a': 'b', 'n': None, 't': True, 'l': [1, -2.5, (3,)]}",
            Ok(r#"{"a":"b","n":null,"t":true,"l":[1,-2.5,[3]]}"#),
        );
        check(r#"{'it': "it's", u'u': b'\xe6\x88\xaa'}"#, Ok(r#"{"it":"it's","u":"截"}"#));
        check(r#"{"a"=>"b", "c" => nil, :d=>:e, f: "g"}"#, Ok(r#"{"a":"b","c":null,"d":"e","f":"g"}"#));
        check("{\n  a: 'b',\n  c: { d: [] },\n  e: undefined,\n}", Ok(r#"{"a":"b","c":{"d":[]},"e":null}"#));
        check(r"{'a': 'say \'x\' \\ \n'}", Ok(r#"{"a":"say 'x' \\ \n"}"#));
        check("{ a: [ [Object], [Object] ] }", Err(LiteralError::Elided));
        check("{'a': {...}}", Err(LiteralError::Elided));
        check("{a=b, c=d}", Err(LiteralError::Syntax));
        check("{a: b}", Err(LiteralError::Syntax));
        check("{'a': 'b", Err(LiteralError::Syntax));
        check("{thread-1}", Err(LiteralError::Syntax));
        check("{}", Ok("{}"));
        check(&"{a:".repeat(100), Err(LiteralError::Syntax));
    }

    #[test]
    fn tells_the_length_of_the_object() {
        assert_eq!(to_json("{'a': 1} in 3 ms"), (8, Ok(r#"{"a":1}"#.to_owned())));
    }
}
