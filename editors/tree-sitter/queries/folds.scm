; What can be folded: blocks, and values of several lines.

[
  (block)
  (object)
  (tuple)
  (for_object_expr)
  (for_tuple_expr)
  (function_arguments)
  (heredoc_template)
  (comment)
] @fold
