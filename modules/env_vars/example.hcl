# Reads a variable that every system has, and one with a default.
step "env_vars" "settings" {
  arguments {
    required = ["PATH"]
    defaults = { REGION = "eu" }
  }
}

step "print" "region" {
  arguments {
    input = step.env_vars.settings.output.vars["REGION"]
  }
}
