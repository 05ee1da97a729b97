# Names with defaults, and one that every system has.
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
