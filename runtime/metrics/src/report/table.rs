//! Rows of cells as aligned text: the first column to the left, numbers to the right.

/// The width of a screen, in characters.
pub const SCREEN: usize = 80;
/// A name is not cut to less, whatever stands beside it.
const SHORTEST_NAME: usize = 12;

/// Lines of equal columns, each ending in a line break; empty columns (but for their head) are left out, and a row
/// without cells is an empty line. Where a line is wider than a screen, names in the first column are cut in their middle.
pub fn lines(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let used: Vec<usize> = (0..head.len())
        .filter(|column| {
            rows.iter()
                .any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty()))
        })
        .collect();
    let all = || std::iter::once(&head).chain(rows);
    let width = |column: usize| {
        // A row of one cell is a title, which may stand over other columns.
        let rows = all().filter(|row| row.len() > 1);
        let cells = rows.filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let mut widths: Vec<usize> = used.iter().map(|column| width(*column)).collect();
    let others: usize = widths.iter().skip(1).map(|width| width + 2).sum();
    if let Some(name) = widths.first_mut() {
        let room = SCREEN.saturating_sub(others).max(SHORTEST_NAME);
        *name = (*name).min(room);
    }
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for (position, (column, width)) in used.iter().zip(&widths).enumerate() {
            let cell = row.get(*column).map_or("", String::as_str);
            if position == 0 {
                let cell = if row.len() > 1 {
                    cut(cell, *width)
                } else {
                    cell.to_owned()
                };
                line.push_str(&cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.chars().count())));
            } else {
                line.push_str("  ");
                line.push_str(&" ".repeat(width - cell.chars().count().min(*width)));
                line.push_str(cell);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A name of at most `width` characters: of a longer one the middle is left out, since both its ends tell it from others.
pub fn cut(name: &str, width: usize) -> String {
    let count = name.chars().count();
    if count <= width {
        return name.to_owned();
    }
    let kept = width.saturating_sub(1);
    let (first, last) = (kept / 2, kept - kept / 2);
    let begin = name.chars().take(first);
    let end = name.chars().skip(count - last);
    begin.chain(['…']).chain(end).collect()
}

/// The first `most` of them, and how many there are besides.
pub fn bounded(mut parts: Vec<String>, most: usize) -> Vec<String> {
    let more = parts.len().saturating_sub(most);
    if more > 0 {
        parts.truncate(most);
        parts.push(format!("… {more} more in --summary-json"));
    }
    parts
}

/// `parts` joined by `separator` into lines that fit a screen, each after `indent` (the first after `begin`) and with its
/// line break. A part that is longer than a line stands in one of its own.
pub fn folded((begin, indent): (&str, &str), separator: &str, parts: &[String]) -> String {
    let (mut text, mut line) = (String::new(), begin.to_owned());
    let mut is_empty = true;
    for (index, part) in parts.iter().enumerate() {
        let last = index + 1 == parts.len();
        let piece = if last {
            part.clone()
        } else {
            format!("{part}{separator}")
        };
        let width = line.chars().count() + piece.trim_end().chars().count();
        if !is_empty && width > SCREEN {
            text.push_str(line.trim_end());
            text.push('\n');
            indent.clone_into(&mut line);
        }
        line.push_str(&piece);
        is_empty = false;
    }
    text.push_str(line.trim_end());
    text.push('\n');
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

    #[test]
    fn a_row_of_one_cell_is_a_title_that_widens_no_column() {
        let rows = [
            vec!["a".into(), "1".into()],
            vec!["a title that is long".into()],
            vec!["b".into(), "2".into()],
        ];
        assert_eq!(
            lines(&["n", "v"], &rows),
            "n  v\na  1\na title that is long\nb  2\n"
        );
    }

    #[test]
    fn long_names_are_cut_in_their_middle_so_that_a_line_fits_a_screen() {
        let name =
            "http_request.a_name_that_is_much_too_long_to_stand_in_a_table_of_eighty_columns";
        let row = vec![name.to_owned(), "1".repeat(40)];
        let text = lines(&["step", "n"], &[row]);
        for line in text.lines() {
            assert!(line.chars().count() <= SCREEN, "{line}");
        }
        assert!(text.contains("http_request.a_nam…"), "{text}");
        assert!(text.contains("f_eighty_columns  1"), "{text}");
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "ab…efg");
    }

    #[test]
    fn parts_are_folded_at_the_edge_of_the_screen() {
        let parts = ["x".repeat(30), "y".repeat(30), "z".repeat(30)];
        let text = folded(("begin ", "  "), ", ", &parts);
        let lines: Vec<&str> = text.lines().collect();
        let first = format!("begin {}, {},", parts[0], parts[1]);
        assert_eq!(lines, [first, format!("  {}", parts[2])]);
        assert_eq!(folded(("a", "b"), " ", &[]), "a\n");
    }
}
