; Names that a `for` gives, and where they can be read. All other names of a grid are known in the whole of it.

(for_tuple_expr) @local.scope
(for_object_expr) @local.scope
(template_for) @local.scope

(for_intro (identifier) @local.definition.var)
(template_for_start (identifier) @local.definition.var)

(variable_expr (identifier) @local.reference)
