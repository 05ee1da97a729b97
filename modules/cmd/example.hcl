# Asks a command for a value, and hands it to another one as its input.
step "cmd" "version" {
  arguments {
    command = ["uname", "-s"]
  }
}

step "cmd" "count" {
  arguments {
    command = ["wc", "-c"]
    stdin   = trimspace(step.cmd.version.output.stdout)
  }
}

step "print" "said" {
  arguments {
    input = "${trimspace(step.cmd.version.output.stdout)} has ${trimspace(step.cmd.count.output.stdout)} letters"
  }
}
