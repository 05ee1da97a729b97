//! Programs of grids that hold what people write without thinking of it, and what comes out of them.

use bggo_tests::Grid;

#[test]
fn values_of_an_argument_need_no_type_in_common() {
    let grid = Grid::new(
        r#"
resource "http_target" "site" {}
variable "page" {
  type    = number
  default = 3
}
step "http_request" "search" {
  arguments {
    url          = "${resource.http_target.site.url}/anything"
    query_params = { q = "a b", page = var.page, debug = true, tag = ["x", "y"], none = null }
  }
}
step "http_request" "form" {
  arguments {
    url       = "${resource.http_target.site.url}/post"
    method    = "POST"
    form_data = { at = step.http_request.search.output.status_code, on = false, tag = ["x", 2] }
  }
}
step "print" "shown" {
  arguments {
    input = [step.http_request.search.output.json.args, step.http_request.form.output.json.form]
  }
}
"#,
    )
    .build();
    let run = grid.start(&[]).finish().expect_code(0);
    assert_eq!(
        run.stdout.trim(),
        r#"[{"q":"a b","page":"3","debug":"true","tag":["x","y"]},{"at":"200","on":"false","tag":["x","2"]}]"#
    );
}

#[test]
fn a_mark_becomes_one_with_the_letter_before_it_in_a_late_text_too() {
    let grid = Grid::new(
        r#"
resource "http_target" "site" {}
step "http_request" "echo" {
  arguments {
    url    = "${resource.http_target.site.url}/anything"
    method = "POST"
    body   = "cafe${vu.id > 0 ? "\u0301!" : ""}${vu.id}"
  }
}
step "http_request" "again" {
  arguments {
    url    = "${resource.http_target.site.url}/anything"
    method = "POST"
    body   = "e${step.http_request.echo.output.json.data}"
  }
}
step "print" "shown" {
  arguments {
    input = step.http_request.again.output.json.data
  }
}
"#,
    )
    .build();
    let run = grid.start(&[]).finish().expect_code(0);
    assert_eq!(run.stdout.trim(), "ecaf\u{e9}!1");
}

#[test]
fn a_list_equals_no_tuple_and_sizes_are_numbers() {
    let grid = Grid::new(
        r#"
variable "names" {
  type    = list(string)
  default = ["a"]
}
variable "none" {
  type    = list(string)
  default = null
}
variable "labels" {
  type    = map(string)
  default = { k = "v" }
}
variable "limit" {
  type    = size
  default = "1KiB"
}
step "noop" "one" {}
step "print" "shown" {
  arguments {
    input = [
      var.names == ["a"], var.names != ["a"], var.names == tolist(["a"]), [for name in var.names : name] == ["a"],
      var.none == [], var.none == null, var.none == var.labels, var.labels == { k = "v" }, var.labels == tomap({ k = "v" }),
      var.limit + 1, var.limit > "1000", length(step.noop.one[*]),
    ]
  }
  depends_on = [step.noop.one[*]]
}
"#,
    )
    .build();
    let run = grid.start(&[]).finish().expect_code(0);
    assert_eq!(
        run.stdout.trim(),
        "[false,true,true,true,false,true,false,false,true,1025,true,1]"
    );
}
