//! Rows of cells as aligned text: the first column to the left, numbers to the right.

/// Lines of equal columns, each ending in a line break; empty columns (but for their head) are left out, and a row
/// without cells is an empty line.
pub fn lines(head: &[&str], rows: &[Vec<String>]) -> String {
    let used: Vec<usize> = (0..head.len())
        .filter(|column| {
            rows.iter()
                .any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
        })
        .collect();
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells
            .chain(head.get(column).map(|name| name.chars().count()))
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = used.iter().map(|column| width(*column)).collect();
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (position, (column, width)) in used.iter().zip(&widths).enumerate() {
            let cell = row.get(*column).map_or("", String::as_str);
            let gap = " ".repeat(width - cell.chars().count().min(*width));
            if position == 0 {
                line.push_str(cell);
                line.push_str(&gap);
            } else {
                line.push_str("  ");
                line.push_str(&gap);
                line.push_str(cell);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_empty_columns_are_left_out() {
        let rows = [
            vec!["a".into(), "1".into(), String::new()],
            vec!["long".into(), "12".into(), String::new()],
        ];
        assert_eq!(
            lines(&["step", "n", "skipped"], &rows),
            "step   n\na      1\nlong  12\n"
        );
    }
}
