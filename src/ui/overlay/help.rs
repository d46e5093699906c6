//! The overlay of the keys, made from the table of keys and actions.

use crate::{
    app::keymap::TABLE,
    ui::theme::{Role, StyledText, part},
};

/// Returns a row for each binding.
pub(super) fn rows() -> Vec<Vec<StyledText>> {
    let keys: Vec<String> = TABLE.iter().map(|binding| spell(binding.keys)).collect();
    let width = keys.iter().map(|keys| keys.chars().count()).max().unwrap_or(0);
    keys.into_iter()
        .zip(TABLE)
        .map(|(keys, binding)| {
            vec![part(format!(" {keys:<width$}  "), Role::Accent), part(format!("{} ", binding.help), Role::Plain)]
        })
        .collect()
}

/// Formats keys as `j k ↓ ↑`, the ten digits as `0…9`.
fn spell(keys: &[&str]) -> String {
    if keys.len() == 10 { format!("{}…{}", keys[0], keys[9]) } else { keys.join(" ") }
}
