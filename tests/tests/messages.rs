//! Methods that a grid selects in `.proto` files: the program has their messages, and neither the files nor code of its own.

use bggo_tests::{Grid, repository};

const FILES: [(&str, &str); 3] = [
    (
        "protos/shop/cart.proto",
        r#"
syntax = "proto3";
package shop;

import "shop/money.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum Status {
  UNKNOWN = 0;
  OPEN = 1;
}

message Item {
  string name = 1;
  Money unit_price = 2;
  repeated string tags = 3;
  map<string, int64> counts = 4;
  bytes picture = 5;
  google.protobuf.Duration kept = 6;
  google.protobuf.Timestamp since = 7;
  google.protobuf.StringValue note = 8;
  Status status = 9;
  oneof place {
    string shelf = 10;
    int32 box = 11;
  }
}

message Items {
  repeated Item items = 1;
}

service Cart {
  rpc Add(Item) returns (Items);
  rpc Watch(google.protobuf.Empty) returns (stream Item);
  rpc Fill(stream Item) returns (Items);
  rpc Talk(stream Item) returns (stream Item);
}
"#,
    ),
    (
        "protos/shop/money.proto",
        "syntax = \"proto3\";\npackage shop;\nmessage Money {\n  string currency = 1;\n  int64 units = 2;\n}\n",
    ),
    (
        "unread.proto",
        "syntax = \"proto3\";\nmessage Unread { string name = 1; }\n",
    ),
];

const CLIENT: &str = r#"
resource "remote" "shop" {
  arguments {
    proto        = ["shop/cart.proto"]
    import_paths = ["protos"]
  }
}
"#;

fn grid(text: &str) -> Grid {
    let grid = Grid::new(&format!("{CLIENT}{text}"));
    for (path, text) in FILES {
        let path = grid.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    grid.module(repository().join("tests/modules/remote"))
}

#[test]
fn messages_go_out_and_come_back_by_their_table() {
    let grid = grid(
        r#"
step "remote_call" "add" {
  uses {
    remote = resource.remote.shop
  }
  arguments {
    method = "shop.Cart/Add"
    message = {
      name      = "apple-${vu.id}"
      unitPrice = { currency = "EUR", units = 3 }
      tags      = ["red", "user ${vu.id}"]
      counts    = { left = vu.iteration + 5 }
      picture   = base64decode("AP8=")
      kept      = "1m30s"
      since     = "2026-01-31T12:00:00+01:00"
      note      = vu.id > 5 ? "late" : null
      status    = "OPEN"
      box       = 4
    }
    answers = [{ items = [{ name = "apple", status = 7 }, {}] }]
  }
}
step "remote_call" "watch" {
  uses {
    remote = resource.remote.shop
  }
  arguments {
    method  = "shop.Cart/Watch"
    answers = [{ name = "a" }, { name = "b", note = "n" }]
  }
}
step "remote_call" "fill" {
  uses {
    remote = resource.remote.shop
  }
  arguments {
    method   = "shop.Cart/Fill"
    messages = [for item in step.remote_call.watch.output.messages : item if item.name != "a"]
  }
}
step "print" "add" {
  arguments {
    input = [
      step.remote_call.add.output.method,
      step.remote_call.add.output.sent,
      step.remote_call.add.output.message.items[0].name,
      step.remote_call.add.output.message.items[0].status,
      step.remote_call.add.output.message.items[1],
    ]
  }
}
step "print" "streams" {
  depends_on = [step.print.add]
  arguments {
    input = [
      step.remote_call.watch.output.method,
      step.remote_call.watch.output.sent,
      try(step.remote_call.watch.output.message.name, "none"),
      step.remote_call.watch.output.messages[1].note == null ? "" : step.remote_call.watch.output.messages[1].note,
      step.remote_call.fill.output.method,
      step.remote_call.fill.output.sent[0].name,
    ]
  }
}
"#,
    )
    .build();
    let ended = grid.start(&[]).finish().expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let blank = r#"{"name":"","unit_price":null,"tags":[],"counts":{},"picture":"","kept":null,"since":null,"note":null,"status":"UNKNOWN","shelf":null,"box":null}"#;
    let sent = r#"{"name":"apple-1","unit_price":{"currency":"EUR","units":3},"tags":["red","user 1"],"counts":{"left":5},"picture":"AP8=","kept":"1m30s","since":"2026-01-31T11:00:00Z","note":null,"status":"OPEN","shelf":null,"box":4}"#;
    assert_eq!(
        lines,
        [
            format!(r#"["shop.Cart/Add false false",[{sent}],"apple",7,{blank}]"#),
            r#"["shop.Cart/Watch false true",[{}],"b","n","shop.Cart/Fill true false","b"]"#
                .to_owned(),
        ]
    );
}

#[test]
fn a_stream_selects_the_method_of_the_steps_that_use_it() {
    let grid = grid(
        r#"
resource "remote_stream" "talk" {
  uses {
    remote = resource.remote.shop
  }
  arguments {
    method = "shop.Cart/Talk"
  }
}
step "remote_send" "one" {
  uses {
    stream = resource.remote_stream.talk
  }
  arguments {
    message = { name = "n${vu.id}", picture = base64decode("/w==") }
  }
}
step "print" "it" {
  arguments {
    input = [resource.remote_stream.talk.kind, step.remote_send.one.output.message.name, step.remote_send.one.output.message.picture]
  }
}
"#,
    )
    .build();
    let ended = grid.start(&[]).finish().expect_code(0);
    assert_eq!(ended.stdout, "[\"shop.Cart/Talk\",\"n1\",\"/w==\"]\n");
}
