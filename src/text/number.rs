//! Numbers as text for people.

use super::Safe;

/// Formats a number with groups of thousands: `1 284`.
pub fn thousands(number: u64) -> Safe {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    Safe::new(&out)
}

/// Formats a number with its noun, whose plural ends in `s`: `1 picture`, `1 284 pictures`.
pub fn counted(number: u64, noun: &str) -> Safe {
    let plural = if number == 1 { "" } else { "s" };
    Safe::new(&format!("{} {noun}{plural}", thousands(number)))
}

/// Formats a number of bytes with its unit: `812 B`, `38 KB`, `1.2 MB` (1 KB is 1000 bytes).
pub fn bytes(count: u64) -> Safe {
    let tenths = |unit: u64| (count * 10 / unit / 10, count * 10 / unit % 10);
    Safe::new(&match count {
        0..1000 => format!("{count} B"),
        1000..1_000_000 => format!("{} KB", count / 1000),
        1_000_000..10_000_000 => format!("{}.{} MB", tenths(1_000_000).0, tenths(1_000_000).1),
        10_000_000..1_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{}.{} GB", tenths(1_000_000_000).0, tenths(1_000_000_000).1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let check = |number, expected: &str| assert_eq!(thousands(number).as_str(), expected);
        check(7, "7");
        check(999, "999");
        check(1284, "1 284");
        check(1_000_000, "1 000 000");
    }

    #[test]
    fn nouns_agree_with_their_number() {
        let check = |number, expected: &str| assert_eq!(counted(number, "picture").as_str(), expected);
        check(0, "0 pictures");
        check(1, "1 picture");
        check(1284, "1 284 pictures");
    }

    #[test]
    fn bytes_have_a_unit() {
        let check = |count, expected: &str| assert_eq!(bytes(count).as_str(), expected);
        check(999, "999 B");
        check(38_400, "38 KB");
        check(1_250_000, "1.2 MB");
        check(3_100_000_000, "3.1 GB");
    }
}
