//! The README in both languages: the same headings, commands and words of tables.

const ENGLISH: &str = include_str!("../../README.md");
const CHINESE: &str = include_str!("../../README.zh-CN.md");

/// What must be the same in both: the levels of the headings, the code, and the code in the first cells of tables.
fn skeleton(readme: &str) -> Vec<String> {
    let mut fenced = false;
    let mut skeleton = Vec::new();
    for line in readme.lines() {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        if is_fence || fenced || (line.starts_with("    ") && !line.trim().is_empty()) {
            // A comment behind a setting is prose.
            let code = line.split_once("  #").map_or(line, |(code, _)| code);
            skeleton.push(code.trim().to_owned());
        } else if line.starts_with('#') {
            skeleton.push(line.chars().take_while(|c| *c == '#').collect());
        } else if let Some(cells) = line.strip_prefix('|') {
            let first = cells.split(" | ").next().unwrap_or_default().replace("\\|", "|");
            let code: Vec<&str> = first.split('`').skip(1).step_by(2).collect();
            skeleton.push(format!("| {}", code.join(" ")));
        }
    }
    skeleton
}

fn both_languages_say_the_same() {
    let (english, chinese) = (skeleton(ENGLISH), skeleton(CHINESE));
    for (at, line) in english.iter().enumerate() {
        assert_eq!(
            Some(line),
            chinese.get(at),
            "item {at}, after {:?}",
            at.checked_sub(1).map(|before| &english[before])
        );
    }
    assert_eq!(english.len(), chinese.len());
}

fn each_names_the_other() {
    assert!(ENGLISH.contains("(README.zh-CN.md)"));
    assert!(CHINESE.contains("(README.md)"));
}

crate::tests! {
    both_languages_say_the_same,
    each_names_the_other,
}
