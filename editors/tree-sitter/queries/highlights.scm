; Colours of grids, for the grammar tree-sitter-hcl. A later pattern counts where several match.

(comment) @comment

(identifier) @variable
(attribute (identifier) @property)
(object_elem key: (expression (variable_expr (identifier) @property)))
(get_attr (identifier) @variable.member)
(function_call (identifier) @function.call)

; `step.http_request.home`: the word that says what kind of name follows.
(expression
  (variable_expr (identifier) @variable.builtin)
  (get_attr)
  (#any-of? @variable.builtin
    "var" "local" "input" "step" "resource" "setup" "vu_setup" "output" "previous" "data" "count" "each" "vu" "scenario"
    "run" "path" "metrics" "threshold"))

(block (identifier) @type)
(block
  .
  (identifier) @keyword
  (#any-of? @keyword
    "step" "resource" "data" "scenario" "flow" "setup" "teardown" "vu_setup" "vu_teardown" "metric" "threshold"
    "variable" "locals" "grid"))
(block (string_lit) @label)

(string_lit) @string
(quoted_template) @string
(heredoc_template) @string
(heredoc_identifier) @label
(heredoc_start) @operator
(block (string_lit) @label)
(numeric_lit) @number
(bool_lit) @boolean
(null_lit) @constant.builtin

[
  (template_interpolation_start)
  (template_interpolation_end)
  (template_directive_start)
  (template_directive_end)
  (strip_marker)
] @punctuation.special

["for" "in" "if" "endfor" "else" "endif"] @keyword

["!" "*" "/" "%" "+" "-" ">" ">=" "<" "<=" "==" "!=" "&&" "||" "?" ":" "=" "=>"] @operator
(ellipsis) @operator

["." ","] @punctuation.delimiter
[
  "[" "]" "(" ")"
  (block_start)
  (block_end)
  (object_start)
  (object_end)
  (tuple_start)
  (tuple_end)
] @punctuation.bracket
