//! Tables that fit the terminal: one line a row, what is too long is cut with `…`.

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table as Grid, TableStyle, Width};

use super::output::{Output, UNBOUNDED};
use crate::wording::escape;

/// A table in the making. Every cell is escaped here, so that no caller can forget it.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// The rows that are to catch the eye.
    alarming: Vec<usize>,
    /// Columns that a narrow terminal goes without, the first to go first.
    dispensable: &'static [&'static str],
}

/// Between two columns.
const GAP: usize = 2;

/// No column becomes narrower than this while another one could give way: a cut word of fewer letters says nothing.
const NARROWEST: usize = 4;

/// With this much of it, a cell can be recognised: most names of containers and states with their exit codes fit.
const READABLE: usize = 16;

/// On a terminal, longer cells are cut before they are measured: nobody has a wider one, and a megabyte costs time.
const LONGEST_CELL: usize = 1_000;

impl Table {
    /// A table with these columns.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new(), alarming: Vec::new(), dispensable: &[] }
    }

    /// Names columns that are left out, the first first, as long as the others could not be read beside them.
    pub(crate) fn dispense_with(&mut self, columns: &'static [&'static str]) {
        self.dispensable = columns;
    }

    /// Adds a row: as many cells as there are columns.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.header.len());
        self.rows.push(cells.into_iter().map(|cell| escape(&cell).into_owned()).collect());
    }

    /// Adds a row that is to catch the eye where there are colours.
    pub(crate) fn alarming_row(&mut self, cells: Vec<String>) {
        self.alarming.push(self.rows.len());
        self.row(cells);
    }

    /// As [`Self::render`], in the colours and the width of an output.
    pub(crate) fn render_for(&self, output: Output) -> String {
        let text = self.render(output.width);
        let mut lines = text.lines();
        let header = lines.next().map(|line| line.to_owned() + "\n").unwrap_or_default();
        let rows = lines.enumerate().map(|(index, line)| {
            let is_alarming = self.alarming.contains(&index);
            (if is_alarming { output.alarm(line) } else { line.to_owned() }) + "\n"
        });
        header + &rows.collect::<String>()
    }

    /// The table in at most `width` columns of the terminal, each line ended; without a row, nothing. [`UNBOUNDED`] cuts
    /// nothing.
    pub(crate) fn render(&self, width: usize) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut grid = Grid::new();
        // The delimiter is a character that escaping leaves nowhere: cells are cut at the column, not at a space.
        grid.load_style(TableStyle::default()).set_delimiter('\u{1}').set_truncation_indicator("…");
        grid.set_content_arrangement(ContentArrangement::Dynamic);
        let longest = if width == UNBOUNDED { usize::MAX } else { LONGEST_CELL };
        let shown = self.shown_columns(width);
        grid.set_header(one_line(&shown.iter().map(|index| self.header[*index]).collect::<Vec<_>>()));
        for cells in &self.rows {
            grid.add_row(one_line(&shown.iter().map(|index| begin(&cells[*index], longest)).collect::<Vec<_>>()));
        }
        fit(&mut grid, width);
        let mut text = String::new();
        for line in grid.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

impl Table {
    /// The columns that there is room for.
    fn shown_columns(&self, width: usize) -> Vec<usize> {
        let mut shown: Vec<usize> = (0..self.header.len()).collect();
        let needed = |shown: &[usize]| {
            let columns: usize = shown.iter().map(|index| self.content_width(*index).min(READABLE)).sum();
            columns + GAP * shown.len().saturating_sub(1)
        };
        for column in self.dispensable {
            if needed(&shown) <= width {
                break;
            }
            shown.retain(|index| self.header[*index] != *column);
        }
        shown
    }

    /// How wide the column's widest cell is, about: a character may take two columns or none.
    fn content_width(&self, index: usize) -> usize {
        let cells = self.rows.iter().map(|cells| cells[index].chars().count());
        cells.chain([self.header[index].len()]).max().unwrap_or(0)
    }
}

/// At most so many characters of a text.
fn begin(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

fn one_line<T: ToString>(cells: &[T]) -> Row {
    let mut row = Row::from(cells.iter().map(T::to_string));
    row.max_height(1);
    row
}

/// One object as lines of `name  value`, escaped and not cut: ids and secrets are there to be copied.
pub(crate) fn object_text(fields: &[(&str, String)]) -> String {
    let longest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let shown = |value: &str| if value.is_empty() { "-".into() } else { escape(value).into_owned() };
    fields.iter().map(|(name, value)| format!("{name:longest$}  {}\n", shown(value))).collect()
}

/// Gives each column its width: its content's, the widest ones cut until all fit.
fn fit(grid: &mut Grid, width: usize) {
    let contents: Vec<usize> = grid.column_max_content_widths().into_iter().map(usize::from).collect();
    let available = width.saturating_sub(GAP * contents.len().saturating_sub(1));
    let last = contents.len().saturating_sub(1);
    for (index, content) in shrink(contents, available).into_iter().enumerate() {
        let padding = if index == last { 0 } else { GAP };
        let column = grid.column_mut(index).expect("the grid has a column for each width");
        column.set_padding((0, u16::try_from(padding).unwrap_or(0)));
        let whole = u16::try_from(content + padding).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(whole)));
    }
}

/// Cuts the widest columns evenly until the sum fits, none below [`NARROWEST`] unless nothing else is left.
fn shrink(mut widths: Vec<usize>, available: usize) -> Vec<usize> {
    let floor = |floor: usize, widths: &[usize]| widths.iter().map(|width| (*width).min(floor)).sum::<usize>();
    let narrowest = if floor(NARROWEST, &widths) <= available { NARROWEST } else { 1 };
    while widths.iter().sum::<usize>() > available {
        let Some(widest) = widths.iter_mut().filter(|width| **width > narrowest).max() else { break };
        *widest -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "STATE", "IMAGE"]);
        table.row(vec!["web".into(), "running".into(), "registry.example.com/team/web:2024-01-01".into()]);
        table.row(vec!["a rather long name with spaces".into(), "stopped (137)".into(), "db".into()]);
        table
    }

    #[test]
    fn a_wide_terminal_shows_all_and_a_narrow_one_cuts_the_widest() {
        let wide = "\
NAME                            STATE          IMAGE
web                             running        registry.example.com/team/web:2024-01-01
a rather long name with spaces  stopped (137)  db
";
        assert_eq!(table().render(200), wide);
        let narrow = "\
NAME              STATE          IMAGE
web               running        registry.examp…
a rather long n…  stopped (137)  db
";
        assert_eq!(table().render(48), narrow);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [10, 20, 25, 40, 60, 80, 120] {
            let text = table().render(width);
            assert_eq!(text.lines().count(), 3, "{width}: {text}");
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn a_narrow_terminal_goes_without_what_can_be_spared() {
        let mut table = table();
        table.dispense_with(&["IMAGE", "STATE"]);
        for (width, header) in [(50, ["NAME", "STATE", "IMAGE"].as_slice()), (48, &["NAME", "STATE"]), (20, &["NAME"])]
        {
            let text = table.render(width);
            let shown: Vec<&str> = text.lines().next().expect("a header").split_whitespace().collect();
            assert_eq!(shown, header, "{width}: {text}");
        }
    }

    #[test]
    fn hostile_cells_cost_one_line_at_most() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(vec!["evil\n\u{1b}[2J\u{202e}".into(), "x".repeat(1 << 20)]);
        table.row(vec!["日本日本日本日本日本日本".into(), String::new()]);
        let text = table.render(40);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }

    #[test]
    fn what_no_terminal_shows_is_whole() {
        let mut table = table();
        table.dispense_with(&["IMAGE", "STATE"]);
        let long = "x".repeat(3_000);
        table.row(vec![long.clone(), "running".into(), "web".into()]);
        let text = table.render(UNBOUNDED);
        assert!(text.contains(&long) && !text.contains('…'), "{} bytes", text.len());
        assert!(text.starts_with("NAME ") && text.contains("STATE ") && text.contains("IMAGE\n"), "every column");
    }

    #[test]
    fn a_table_without_rows_is_nothing() {
        assert_eq!(Table::new(&["NAME"]).render(80), "");
    }
}
