//! What a mistyped word was meant to be.

use alloc::string::String;
use alloc::vec::Vec;

/// The word of `words` that is nearest to `typed`, unless even that is too far to be meant: a third of the letters may
/// differ. Case does not count.
pub fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = lower(typed);
    let distances = words.into_iter().map(|word| (distance(&typed, &lower(word)), word));
    let (distance, word) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance.saturating_mul(3) <= typed.len()).then_some(word)
}

fn lower(word: &str) -> Vec<char> {
    word.chars().collect::<String>().to_lowercase().chars().collect()
}

/// Letters to insert, remove or replace to get from one word to the other (Levenshtein).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (deleted, letter) in from.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(deleted + 1);
        for (place, window) in to.iter().zip(row.windows(2)) {
            let [replaced, removed] = window else { continue };
            let inserted = next.last().copied().unwrap_or(usize::MAX);
            let best = (*replaced + usize::from(letter != place)).min(*removed + 1).min(inserted.saturating_add(1));
            next.push(best);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
