//! Inputs that are known in part: what a runner sees in `prepare`, and what comes with the run.

use bggo_tests::{Grid, repository};

#[test]
fn a_runner_knows_the_skeleton_and_gets_the_holes() {
    let grid = r#"
variable "prefix" {
  default = "user"
}
variable "secret" {
  default   = "hunter2"
  sensitive = true
}
locals {
  entry = { id = vu.id, tags = [var.prefix, vu.iteration, "fixed"] }
}
step "shaped" "nested" {
  arguments {
    command  = ["SET", "key:${vu.id}", ["a", { b = vu.id, c = true }], var.prefix, null]
    document = local.entry
    record   = { id = "${vu.id}", place = { x = 1 } }
    labels   = { by = var.prefix, user = vu.id }
  }
}
step "shaped" "counted" {
  count      = 2
  depends_on = [step.shaped.nested]
  arguments {
    command = ["GET", count.index]
  }
}
step "shaped" "keyed" {
  for_each   = { "k" = 5 }
  depends_on = [step.shaped.counted]
  arguments {
    command  = [each.key, [each.value]]
    document = { key = step.shaped.nested.output.command[1], none = vu.id > 1 ? 1 : null }
    record   = { id = 1, name = vu.id > 1 ? "x" : null }
  }
}
step "shaped" "whole" {
  depends_on = [step.shaped.keyed]
  arguments {
    command  = [for n in [1, 2] : n + vu.id]
    document = vu.id > 1 ? [vu.id] : null
    record   = null
  }
}
step "shaped" "known" {
  depends_on = [step.shaped.whole]
  arguments {
    command  = ["PING"]
    document = [var.prefix]
  }
}
step "shaped" "secret" {
  depends_on = [step.shaped.known]
  arguments {
    command = ["AUTH", "${var.secret}-${vu.id}"]
    labels  = { fail = vu.id }
  }
}
"#;
    let grid = Grid::new(grid)
        .module(repository().join("tests/modules/shaped"))
        .build();
    let ended = grid.start(&["--prefix", "p"]).finish();
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let (prepared, ran): (Vec<&str>, Vec<&str>) = lines
        .into_iter()
        .partition(|line| line.starts_with("prepared"));
    let by_default = r#"{"by":"default"}"#;
    assert_eq!(
        prepared,
        [
            r#"prepared ["SET",#0,["a",{b:#1,c:true}],"p",null] {id:#0,tags:["p",#1,"fixed"]} {id:#0,place:{"x":1,"y":7},name:"nobody",tags:null} {by:"p",user:#0}"#.to_owned(),
            format!("prepared [\"GET\",#0] absent absent {by_default}"),
            format!("prepared [#0,[#1]] {{key:#0,none:#1}} {{id:1,name:#0,tags:null,place:null}} {by_default}"),
            format!("prepared later later absent {by_default}"),
            format!("prepared [\"PING\"] [\"p\"] absent {by_default}"),
            "prepared [\"AUTH\",#0] absent absent {fail:#0}".to_owned(),
        ]
    );
    assert_eq!(
        ran,
        [
            "late command holes \"key:1\" 1".to_owned(),
            "late document holes 1 0".to_owned(),
            "late record holes 1".to_owned(),
            "late labels holes \"1\"".to_owned(),
            r#"ran ["SET","key:1",["a",{"b":1,"c":true}],"p",null] {"id":1,"tags":["p",0,"fixed"]} {"id":1,"place":{"x":1,"y":7},"name":"nobody","tags":null} {"by":"p","user":"1"}"#.to_owned(),
            "late command holes 0".to_owned(),
            format!("ran [\"GET\",0] absent absent {by_default}"),
            "late command holes 1".to_owned(),
            format!("ran [\"GET\",1] absent absent {by_default}"),
            "late command holes \"k\" 5".to_owned(),
            "late document holes \"key:1\" null".to_owned(),
            "late record holes \"nobody\"".to_owned(),
            format!(r#"ran ["k",[5]] {{"key":"key:1","none":null}} {{"id":1,"name":"nobody","tags":null,"place":null}} {by_default}"#),
            "late command whole [2,3]".to_owned(),
            "late document null".to_owned(),
            format!("ran [2,3] absent absent {by_default}"),
            format!("ran [\"PING\"] [\"p\"] absent {by_default}"),
            "late command holes \"hunter2-1\"".to_owned(),
            "late labels holes \"1\"".to_owned(),
            r#"ran ["AUTH","hunter2-1"] absent absent {"fail":"1"}"#.to_owned(),
        ]
    );
    let said = ended.expect_code(1).stderr;
    assert!(said.contains("(sensitive value)"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
