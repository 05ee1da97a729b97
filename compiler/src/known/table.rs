//! Rows of cells to aligned columns.

/// A table of four columns under a header.
pub(super) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    pub(super) fn new(header: [&str; 4]) -> Self {
        Self {
            rows: vec![header.map(str::to_owned)],
        }
    }

    pub(super) fn row(&mut self, cells: [String; 4]) {
        self.rows.push(cells);
    }

    /// Writes it, indented; nothing if it has only its header. A first cell that is the same as the one above is left out.
    pub(super) fn write(&self, out: &mut String) {
        if self.rows.len() < 2 {
            return;
        }
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2)];
        out.push('\n');
        let mut above = "";
        for row in &self.rows {
            let [first, second, third, last] = row;
            let shown = if first == above { "" } else { first };
            above = first;
            let [a, b, c] = widths;
            let text = format!("  {shown:a$}  {second:b$}  {third:c$}  {last}");
            out.push_str(text.trim_end());
            out.push('\n');
        }
    }
}
