//! The grid of a contact sheet and of the strip under the picture.

use ratatui::layout::{Rect, Size};

/// A grid of pictures with captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The pictures in a row.
    pub columns: usize,
    /// The rows on a page.
    pub rows: usize,
    /// The cells of one picture; its caption takes another row.
    pub cell: Size,
}

impl Grid {
    /// The least cells of a thumbnail across, where there is room.
    const MIN_WIDTH: u16 = 23;

    /// Divides `area` for `count` pictures. `rows_of` returns the rows of a picture of a given width. Few pictures get
    /// larger areas.
    pub fn new(area: Rect, count: usize, rows_of: impl Fn(u16) -> u16) -> Self {
        let fits = |width: u16| {
            let height = rows_of(width).max(1);
            let columns = usize::from(area.width / (width + 1)).max(1);
            let rows = usize::from(area.height / (height + 1)).max(1);
            Self { columns, rows, cell: Size { width, height: height.min(area.height.saturating_sub(1)).max(1) } }
        };
        let smallest = Self::MIN_WIDTH.min(area.width).max(1);
        let mut best = fits(smallest);
        for width in smallest..=(area.width / 2).max(smallest) {
            let grid = fits(width);
            if grid.columns * grid.rows >= count {
                best = grid;
            }
        }
        best
    }

    /// The least rows of a picture in a strip of several rows.
    const MIN_STRIP_HEIGHT: u16 = 6;

    /// Creates the fewest rows of pictures in which `count` of them fit into `area`, or as many as there may be.
    /// `columns_of` returns the columns of a picture of a given height.
    pub fn strip(area: Rect, count: usize, columns_of: impl Fn(u16) -> u16) -> Self {
        let fits = |rows: u16| {
            let height = (area.height / rows).saturating_sub(1).max(1);
            let width = columns_of(height).clamp(1, area.width.max(1));
            let columns = usize::from((area.width + 1) / (width + 1)).max(1);
            Self { columns, rows: usize::from(rows), cell: Size { width, height } }
        };
        let most = (area.height / (Self::MIN_STRIP_HEIGHT + 1)).max(1);
        let mut grids = (1..=most).map(fits);
        grids.find(|grid| grid.page() >= count).unwrap_or_else(|| fits(most))
    }

    /// The number of pictures on a page.
    pub fn page(&self) -> usize {
        self.columns * self.rows
    }

    /// The area of the picture at a place of its page, and the row of its caption.
    pub fn place(&self, area: Rect, at: usize) -> (Rect, Rect) {
        let clamp = |v: usize| u16::try_from(v).unwrap_or(u16::MAX);
        let (column, row) = (clamp(at % self.columns), clamp(at / self.columns));
        // The columns stand in the middle of what they leave free.
        let free = (area.width + 1).saturating_sub(clamp(self.columns) * (self.cell.width + 1));
        let x = area.x + free / 2 + column * (self.cell.width + 1);
        let y = area.y + row * (self.cell.height + 1);
        let picture = Rect::new(x, y, self.cell.width, self.cell.height).intersection(area);
        let caption = Rect::new(x, y + self.cell.height, self.cell.width, 1).intersection(area);
        (picture, caption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_pictures_get_large_areas() {
        let area = Rect::new(0, 2, 100, 27);
        let rows_of = |columns: u16| columns * 9 / 32;
        assert_eq!(Grid::new(area, 4, rows_of).cell, Size::new(46, 12));
        assert_eq!(Grid::new(area, 200, rows_of).columns, 4);
    }

    #[test]
    fn a_strip_uses_its_rows() {
        let columns_of = |rows: u16| rows * 32 / 9;
        let rows_and_columns = |height, count| {
            let grid = Grid::strip(Rect::new(36, 20, 62, height), count, columns_of);
            (grid.rows, grid.columns, grid.cell.height)
        };
        assert_eq!(rows_and_columns(7, 100), (1, 2, 6));
        assert_eq!(rows_and_columns(9, 2), (1, 2, 8));
        assert_eq!(rows_and_columns(25, 2), (2, 1, 11), "side by side they would be smaller than one below the other");
        assert_eq!(rows_and_columns(25, 100), (3, 2, 7));
    }
}
