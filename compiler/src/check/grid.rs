//! The block `grid`: what is said of the whole, and whether this bggo may build it.

use bggo_values::{Type, Value};

use crate::diagnostics::codes;

use super::expression::context::Checker;
use super::step::pairs;
use super::typed::TGrid;
use super::version::{Required, Version};

/// The longest name of a grid, in characters.
const LONGEST: usize = 80;

impl Checker<'_> {
    /// What the block says; nothing without one.
    pub(super) fn grid(&mut self) -> TGrid {
        let Some(grid) = &self.declarations.grid else {
            return TGrid::default();
        };
        let name = grid.name.as_ref().and_then(|expr| {
            let value = self.known(expr, &Type::String, "`name`")?;
            let name = value.as_text()?.to_owned();
            let length = name.chars().count();
            let is_shown = name.chars().all(|letter| !letter.is_control());
            if !(1..=LONGEST).contains(&length) || !is_shown {
                let text = format!("the name of a grid is one line of 1 to {LONGEST} characters");
                self.error(codes::INVALID_GRID, expr.span, text);
                return None;
            }
            Some(name)
        });
        let description = self.description(grid.description.as_ref());
        let tags = grid.tags.as_ref();
        let tags = tags.and_then(|tags| self.known(tags, &Type::map(Type::String), "`tags`"));
        if let Some(expr) = &grid.required_version
            && let Some(Value::Text(text)) = self.known(expr, &Type::String, "`required_version`")
        {
            match Required::read(text.as_str()) {
                None => {
                    let text = "this is no version: `required_version` is one or several, such as \">= 0.1, < 2.0\"";
                    self.error(codes::INVALID_GRID, expr.span, text)
                        .hint("before a version may stand `=`, `!=`, `>`, `>=`, `<`, `<=` or `~>`");
                }
                Some(required) if !required.takes(Version::OWN) => {
                    let own = Version::OWN;
                    let text = format!("this is bggo {own}, and the grid wants another version");
                    self.error(codes::VERSION_NOT_MET, expr.span, text)
                        .hint("install a bggo of that version, or change `required_version`");
                }
                Some(_) => {}
            }
        }
        TGrid {
            name,
            description,
            tags: pairs(tags.as_ref()),
        }
    }
}
