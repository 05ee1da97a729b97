//! Grids of any size, for tests and benches of large ones.

use std::fmt::Write as _;

/// A grid of `count` steps in the mix that people write: chains with data, forks, fixed steps. `edit` changes one line.
pub fn steps(count: usize, edit: usize) -> String {
    let mut text = format!(
        "resource \"http_target\" \"site\" {{}}\n\nlocals {{\n  edit = \"line {edit}\"\n}}\n"
    );
    for number in 0..count {
        let (argument, depends) = match number % 5 {
            0 => ("/get".into(), number.checked_sub(1)),
            1 | 2 => ("/get?fixed=1".into(), Some(number - number % 5)),
            3 => (
                format!(
                    "/anything/${{step.http_request.s{}.output.status_code}}",
                    number - 2
                ),
                Some(number - 1),
            ),
            _ => ("/anything/${local.edit}".into(), Some(number - 1)),
        };
        let _ = write!(
            text,
            "\nstep \"http_request\" \"s{number}\" {{\n  arguments {{\n    url = \"${{resource.http_target.site.url}}{argument}\"\n  }}\n"
        );
        if let Some(before) = depends {
            let _ = writeln!(text, "  depends_on = [step.http_request.s{before}]");
        }
        text.push_str("}\n");
    }
    text
}
