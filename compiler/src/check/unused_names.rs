//! Warns of variables and locals that nothing reads.

use std::collections::BTreeSet;

use crate::diagnostics::{Problems, codes};
use crate::resolve::model::{LocalId, Reference, Resolved, VariableId};
use crate::syntax::all_expressions::of;
use crate::syntax::decl::{ExprId, VariableDecl};

/// Variables and locals that nothing reads, of a grid without errors: what reads one may be what is wrong. What a variable reads
/// of itself in its validations does not count.
pub(super) fn warn(resolved: &Resolved, problems: &mut Problems) {
    let declarations = &resolved.declarations;
    if declarations.incomplete {
        return;
    }
    let own = |variable: &VariableDecl| -> BTreeSet<ExprId> {
        let validations = variable.validations.iter();
        let read = validations.flat_map(|one| [&one.condition, &one.error_message]);
        read.flat_map(of).map(|expr| expr.id).collect()
    };
    let own: Vec<BTreeSet<ExprId>> = declarations.variables.iter().map(own).collect();
    let mut locals: BTreeSet<LocalId> = BTreeSet::new();
    let mut variables: BTreeSet<VariableId> = BTreeSet::new();
    for (expr, reference) in &resolved.references {
        match reference {
            Reference::Local(id) => {
                locals.insert(*id);
            }
            Reference::Variable(id) if !own[id.0].contains(expr) => {
                variables.insert(*id);
            }
            _ => {}
        }
    }
    for (at, variable) in declarations.variables.iter().enumerate() {
        if !variables.contains(&VariableId(at)) {
            let text = format!("nothing reads `var.{}`", variable.name.text);
            problems.warning(codes::UNUSED_VARIABLE, variable.span, text);
        }
    }
    for (at, local) in declarations.locals.iter().enumerate() {
        if !locals.contains(&LocalId(at)) {
            let text = format!("nothing reads `local.{}`", local.name.text);
            problems.warning(codes::UNUSED_LOCAL, local.name.span, text);
        }
    }
}
