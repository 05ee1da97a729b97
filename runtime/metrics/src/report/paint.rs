//! Colours of a terminal.

/// Whether colours are used.
#[derive(Debug, Clone, Copy)]
pub struct Paint(pub bool);

/// What failed.
pub const RED: u8 = 31;
/// What passed.
pub const GREEN: u8 = 32;
/// What looks wrong.
pub const YELLOW: u8 = 33;

impl Paint {
    /// `text` in a colour.
    pub fn on(self, colour: u8, text: &str) -> String {
        if self.0 {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
