//! Suggestions for mistyped commands.

/// Returns the candidate that `typed` most likely means: one that begins with it, or differs in at most two characters
/// (one for short names).
pub(super) fn suggestion<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let close = candidates.into_iter().filter_map(|candidate| {
        let distance = if typed.len() >= 2 && candidate.starts_with(&typed) { 0 } else { distance(&typed, candidate) };
        let limit = if candidate.len() < 5 { 1 } else { 2 };
        (distance <= limit).then_some((distance, candidate))
    });
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Returns the number of characters to insert, delete, replace or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row_before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = replaced.min(previous[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(row_before[j - 2] + 1);
            }
            row.push(cost);
        }
        row_before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_suggested() {
        let commands = ["tail", "open", "list", "export", "show", "demo", "doctor", "cache", "completions", "man"];
        let check = |typed, expected| assert_eq!(suggestion(typed, commands), expected, "{typed}");
        check("lst", Some("list"));
        check("lits", Some("list"));
        check("LIST", Some("list"));
        check("exprot", Some("export"));
        check("compl", Some("completions"));
        check("docter", Some("doctor"));
        check("vod", None);
        check("x", None);
        check("access", None);
        check("", None);
    }
}
