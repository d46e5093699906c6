//! Identifiers of other programs as words.

/// Splits an identifier into words: `BadDerTime` into `bad der time`.
pub fn spelled_out(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_begin_words() {
        assert_eq!(spelled_out("KafkaStorageError"), "kafka storage error");
        assert_eq!(spelled_out("bad Der Time"), "bad der time");
    }
}
