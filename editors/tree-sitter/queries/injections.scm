; Languages within grids: comments, and texts whose word at the begin names one, such as `<<JSON`.

((comment) @injection.content
  (#set! injection.language "comment"))

((heredoc_template
  (heredoc_identifier) @injection.language
  (template_literal) @injection.content)
  (#any-of? @injection.language "JSON" "XML" "HTML" "YAML" "GRAPHQL" "SQL")
  (#set! injection.combined))
