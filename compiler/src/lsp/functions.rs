//! What the table says of a function.

use bggo_function_table::{Function, Param};

/// How a function is called.
pub fn signature(function: &Function) -> String {
    let shown = |param: &Param| {
        let mark = if param.optional { "?" } else { "" };
        format!("{}{mark}: {}", param.name, (param.ty)())
    };
    let mut params: Vec<String> = function.params.iter().map(shown).collect();
    params.extend(function.rest.iter().map(|rest| shown(rest) + "..."));
    format!("{}({})", function.name, params.join(", "))
}

/// What the manual says of a function.
pub fn function_words(function: &Function) -> String {
    format!(
        "```hcl\n{}\n```\n\n{}\n\n`{}` gives `{}`",
        signature(function),
        function.description,
        function.example,
        function.gives
    )
}
