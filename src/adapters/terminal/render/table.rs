//! Plain tables: aligned columns, two spaces between them, nothing drawn.

use comfy_table::{Table, presets};

/// The lines of a table, without white space at their ends.
pub(super) fn lines(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
