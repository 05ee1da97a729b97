//! The three languages of the picture, on a graph with everything in it.

use super::model::{
    Arrow, ArrowReason, FrameKind, Graph, GraphFrame, GraphNode, NodeInstances, NodeWhat, Turn,
};
use super::{dot, json, mermaid, svg};

fn node(id: &str, name: &str, instances: NodeInstances) -> GraphNode {
    let (what, kind) = match id.chars().next() {
        Some('s') => (NodeWhat::Step, "noop"),
        Some('d') => (NodeWhat::Data, "csv"),
        _ => (NodeWhat::Resource, "http_target"),
    };
    GraphNode {
        id: id.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        what,
        is_call: false,
        instances,
        frame: None,
    }
}

/// A resource outside of scenarios, and a step of the same name in each of two scenarios.
fn scenarios() -> Graph {
    let scenario = |at: usize, name: &str| GraphFrame {
        id: format!("c{at}"),
        name: name.to_owned(),
        kind: FrameKind::Scenario("once".to_owned()),
    };
    let of = |id, scenario| GraphNode {
        frame: Some(scenario),
        ..node(id, "home", NodeInstances::Single)
    };
    Graph {
        nodes: vec![
            node("r0", "site", NodeInstances::Single),
            of("s0", 0),
            of("s1", 1),
        ],
        arrows: vec![
            arrow(0, 1, ArrowReason::Uses, &[]),
            arrow(0, 2, ArrowReason::Uses, &[]),
        ],
        frames: vec![scenario(0, "browse"), scenario(1, "end")],
        turns: Vec::new(),
    }
}

#[test]
fn scenarios_are_frames_around_their_nodes() {
    insta::assert_snapshot!(mermaid::text(&scenarios()), @r#"
    graph TD;
        %% -.-> uses a resource or reads an export of it
        r0[("site")];
        subgraph c0["browse: once"]
            s0["home"];
        end
        subgraph c1["end: once"]
            s1["home"];
        end
        Start((Start)) --> s0;
        Start --> s1;
        r0 -.-> s0;
        r0 -.-> s1;
        s0 --> End((End));
        s1 --> End;
    "#);
    insta::assert_snapshot!(dot::text(&scenarios()), @r#"
    digraph grid {
        node [shape=box];
        Start [shape=circle];
        End [shape=circle];
        label="dashed: uses a resource or reads an export of it";
        r0 [label="site", tooltip="http_target.site", shape=cylinder];
        subgraph cluster_c0 {
            label="browse: once";
            s0 [label="home", tooltip="noop.home"];
        }
        subgraph cluster_c1 {
            label="end: once";
            s1 [label="home", tooltip="noop.home"];
        }
        Start -> s0;
        Start -> s1;
        r0 -> s0 [style=dashed];
        r0 -> s1 [style=dashed];
        s0 -> End;
        s1 -> End;
    }
    "#);
    let text = json::text(&scenarios());
    for part in [
        r#""id": "scenario.browse.step.noop.home""#,
        r#""id": "scenario.end.step.noop.home""#,
        r#""scenario": "end""#,
        r#""to": "scenario.browse.step.noop.home""#,
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

fn arrow(from: usize, to: usize, reason: ArrowReason, instances: &[&str]) -> Arrow {
    Arrow {
        from,
        to,
        reason,
        instances: instances.iter().map(|text| (*text).to_owned()).collect(),
    }
}

fn graph() -> Graph {
    Graph {
        nodes: vec![
            node("r0", "site", NodeInstances::Single),
            node("s0", "first", NodeInstances::Single),
            node("s1", "item", NodeInstances::Count(3)),
            node(
                "s2",
                "end",
                NodeInstances::Keys(vec!["a\"b".to_owned(), "c".to_owned()]),
            ),
        ],
        arrows: vec![
            arrow(0, 1, ArrowReason::Uses, &[]),
            arrow(1, 2, ArrowReason::Order, &[]),
            arrow(2, 3, ArrowReason::Data, &["[0]", "[\"a\\\"b\"]"]),
        ],
        frames: Vec::new(),
        turns: Vec::new(),
    }
}

#[test]
fn mermaid_has_start_and_end_own_ids_shapes_instances_and_a_legend() {
    insta::assert_snapshot!(mermaid::text(&graph()), @r#"
    graph TD;
        %% --> depends_on
        %% ==> reads an output
        %% -.-> uses a resource or reads an export of it
        r0[("site")];
        s0["first"];
        s1["item[3]"];
        s2["end[2]"];
        Start((Start)) --> s0;
        r0 -.-> s0;
        s0 --> s1;
        s1 ==>|"[0], [#34;a#92;#34;b#34;]"| s2;
        s2 --> End((End));
    "#);
}

#[test]
fn dot_has_the_same_in_its_own_words() {
    insta::assert_snapshot!(dot::text(&graph()), @r#"
    digraph grid {
        node [shape=box];
        Start [shape=circle];
        End [shape=circle];
        label="thin: depends_on\nbold: reads an output\ndashed: uses a resource or reads an export of it";
        r0 [label="site", tooltip="http_target.site", shape=cylinder];
        s0 [label="first", tooltip="noop.first"];
        s1 [label="item[3]", tooltip="noop.item"];
        s2 [label="end[2]", tooltip="noop.end"];
        Start -> s0;
        r0 -> s0 [style=dashed];
        s0 -> s1;
        s1 -> s2 [style=bold, label="[0], [\"a\\\"b\"]"];
        s2 -> End;
    }
    "#);
}

#[test]
fn svg_places_nodes_in_layers_and_scenarios_in_frames() {
    // The style is no part of what is looked at.
    let drawn = |graph: &Graph| {
        let text = svg::text(graph);
        let (head, rest) = text.split_once("<style>").unwrap();
        let (_, body) = rest.split_once("</defs>\n").unwrap();
        format!("{head}{body}")
    };
    insta::assert_snapshot!("svg", drawn(&graph()));
    insta::assert_snapshot!("svg_of_scenarios", drawn(&scenarios()));
}

/// Each arrow has one head; those to a node of a scenario go through the frame's edge.
#[test]
fn svg_ends_each_arrow_where_it_leads() {
    for graph in [graph(), scenarios()] {
        let text = svg::text(&graph);
        let ends = graph.first().count() + graph.arrows.len() + graph.last().count();
        // Of arrows to the end from several steps of one scenario one is drawn; these have one each.
        let heads = text.matches("marker-end").count() - graph.legend().count();
        assert_eq!(heads, ends, "{text}");
        for tag in ["<g", "<text", "<marker", "<title"] {
            let opened =
                text.matches(&format!("{tag} ")).count() + text.matches(&format!("{tag}>")).count();
            let closed = text.matches(&tag.replace('<', "</")).count();
            assert_eq!(opened, closed, "{tag} of {text}");
        }
    }
}

#[test]
fn no_name_is_markup_in_svg() {
    let mut graph = graph();
    graph.nodes[0].name = "<script>&\"\u{1}".to_owned();
    graph.arrows[2].instances = vec!["[\"</text>\"]".to_owned()];
    let text = svg::text(&graph);
    assert!(text.contains("&lt;script&gt;&amp;&quot;\u{fffd}"), "{text}");
    assert!(text.contains("[&quot;&lt;/text&gt;&quot;]"), "{text}");
    assert!(!text.contains("<script"), "{text}");
}

#[test]
fn json_names_nodes_as_a_grid_does_and_edges_by_what_made_them() {
    let read: serde_json::Value = serde_json::from_str(&json::text(&graph())).unwrap();
    let edges: Vec<String> = read["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| format!("{} {} {}", edge["from"], edge["kind"], edge["to"]).replace('"', ""))
        .collect();
    assert_eq!(
        edges,
        [
            "Start order step.noop.first",
            "resource.http_target.site uses step.noop.first",
            "step.noop.first explicit step.noop.item",
            "step.noop.item implicit step.noop.end",
            "step.noop.end order End"
        ]
    );
    assert_eq!(read["nodes"][3]["count"], 3);
}

#[test]
fn a_grid_of_resources_alone_still_has_start_and_end() {
    let graph = Graph {
        nodes: vec![node("r0", "site", NodeInstances::Single)],
        arrows: Vec::new(),
        frames: Vec::new(),
        turns: Vec::new(),
    };
    assert!(mermaid::text(&graph).contains("Start((Start)) --> End((End));"));
    assert!(dot::text(&graph).contains("Start -> End;"));
    assert!(svg::text(&graph).contains("marker-end=\"url(#order)\" d=\"M"));
}

#[test]
fn a_step_that_waits_through_a_resource_is_neither_first_nor_last() {
    let graph = Graph {
        nodes: vec![
            node("r0", "session", NodeInstances::Single),
            node("r1", "site", NodeInstances::Single),
            node("s0", "log_in", NodeInstances::Single),
            node("s1", "browse", NodeInstances::Single),
        ],
        arrows: vec![
            arrow(2, 0, ArrowReason::Data, &[]),
            arrow(0, 3, ArrowReason::Uses, &[]),
            arrow(1, 2, ArrowReason::Data, &[]),
        ],
        frames: Vec::new(),
        turns: Vec::new(),
    };
    let ids = |steps: Vec<&GraphNode>| -> Vec<String> {
        steps.iter().map(|step| step.id.clone()).collect()
    };
    assert_eq!(ids(graph.first().collect()), ["s0"]);
    assert_eq!(ids(graph.last().collect()), ["s1"]);
}

#[test]
fn a_flow_has_a_frame_and_neither_begins_nor_ends_the_run() {
    let mut graph = Graph {
        nodes: vec![
            node("s0", "pay", NodeInstances::Single),
            node("s1", "ask", NodeInstances::Single),
        ],
        arrows: Vec::new(),
        frames: vec![GraphFrame {
            id: "c0".to_owned(),
            name: "pay".to_owned(),
            kind: FrameKind::Flow,
        }],
        turns: Vec::new(),
    };
    graph.nodes[1].frame = Some(0);
    graph.nodes[0].kind = "pay".to_owned();
    graph.nodes[0].is_call = true;
    let mermaid = super::mermaid::text(&graph);
    assert!(mermaid.contains("subgraph c0[\"flow pay\"]"), "{mermaid}");
    assert!(mermaid.contains("s0[\"pay: pay\"];"), "{mermaid}");
    let begins: Vec<&str> = graph.first().map(|node| node.id.as_str()).collect();
    let ends: Vec<&str> = graph.last().map(|node| node.id.as_str()).collect();
    assert_eq!((begins, ends), (vec!["s0"], vec!["s0"]));
    let json = super::json::text(&graph);
    assert!(
        json.contains("\"id\": \"flow.pay.step.noop.ask\""),
        "{json}"
    );
    assert!(json.contains("\"flow\": \"pay\""), "{json}");
}

#[test]
fn what_runs_around_the_iterations_has_a_frame_and_an_address_of_its_own() {
    let frame = |id: &str, scenario: Option<&str>| GraphFrame {
        id: id.to_owned(),
        name: "setup".to_owned(),
        kind: FrameKind::Phase("setup", scenario.map(str::to_owned)),
    };
    let mut graph = Graph {
        nodes: vec![
            node("s0", "create", NodeInstances::Single),
            node("s1", "fill", NodeInstances::Single),
            node("s2", "buy", NodeInstances::Single),
        ],
        arrows: vec![arrow(0, 2, ArrowReason::Data, &[])],
        frames: vec![frame("c0", None), frame("c1", Some("shop"))],
        turns: Vec::new(),
    };
    graph.nodes[0].frame = Some(0);
    graph.nodes[1].frame = Some(1);
    let mermaid = super::mermaid::text(&graph);
    for text in [
        "subgraph c0[\"setup\"]",
        "subgraph c1[\"setup of shop\"]",
        "s0 ==> s2",
    ] {
        assert!(mermaid.contains(text), "{text} in {mermaid}");
    }
    let json = super::json::text(&graph);
    for text in [
        "\"id\": \"setup.step.noop.create\"",
        "\"id\": \"scenario.shop.setup.step.noop.fill\"",
        "\"phase\": \"setup\"",
    ] {
        assert!(json.contains(text), "{text} in {json}");
    }
}

#[test]
fn nodes_of_one_name_are_told_apart_by_what_they_are() {
    let graph = Graph {
        nodes: vec![
            node("r0", "a", NodeInstances::Single),
            node("s0", "a", NodeInstances::Count(2)),
            node("s1", "b", NodeInstances::Single),
        ],
        arrows: Vec::new(),
        frames: Vec::new(),
        turns: Vec::new(),
    };
    let labels: Vec<String> = graph.nodes.iter().map(|node| graph.label(node)).collect();
    assert_eq!(labels, ["http_target.a", "noop.a[2]", "b"]);
}

#[test]
fn without_resources_a_step_waits_at_once_for_what_it_waited_for_through_them() {
    let whole = Graph {
        nodes: vec![
            node("r0", "session", NodeInstances::Single),
            node("s0", "log_in", NodeInstances::Single),
            node("r1", "site", NodeInstances::Single),
            node("s1", "browse", NodeInstances::Single),
            node("s2", "log_out", NodeInstances::Single),
        ],
        arrows: vec![
            arrow(1, 0, ArrowReason::Data, &[]),
            arrow(2, 1, ArrowReason::Uses, &[]),
            arrow(0, 3, ArrowReason::Uses, &[]),
            arrow(1, 3, ArrowReason::Order, &["[0]"]),
            arrow(3, 4, ArrowReason::Order, &[]),
            arrow(0, 4, ArrowReason::Uses, &[]),
        ],
        frames: Vec::new(),
        turns: Vec::new(),
    };
    let steps = whole.without_resources();
    let names: Vec<&str> = steps.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["log_in", "browse", "log_out"]);
    assert_eq!(
        steps.arrows,
        [
            arrow(0, 1, ArrowReason::Order, &[]),
            arrow(0, 2, ArrowReason::Data, &[]),
            arrow(1, 2, ArrowReason::Order, &[]),
        ]
    );
    assert_eq!(steps.legend().count(), 2, "no resource is left to explain");
}

/// `setup`, a scenario of two steps at once, `teardown`.
fn turns() -> Graph {
    let frame = |at: usize, kind: FrameKind| GraphFrame {
        id: format!("c{at}"),
        name: format!("frame{at}"),
        kind,
    };
    let of = |id, frame| GraphNode {
        frame: Some(frame),
        ..node(id, id, NodeInstances::Single)
    };
    let turn = |before, after| Turn {
        before: Some(before),
        after: Some(after),
    };
    Graph {
        nodes: vec![of("s0", 2), of("s1", 0), of("s2", 0), of("s3", 1)],
        arrows: Vec::new(),
        frames: vec![
            frame(0, FrameKind::Scenario("once".to_owned())),
            frame(1, FrameKind::Phase("teardown", None)),
            frame(2, FrameKind::Phase("setup", None)),
        ],
        turns: vec![turn(2, 0), turn(0, 1)],
    }
}

#[test]
fn frames_that_run_one_after_the_other_are_linked_as_wholes() {
    let mermaid = mermaid::text(&turns());
    let (_, arrows) = mermaid.rsplit_once("    end\n").unwrap();
    insta::assert_snapshot!(arrows, @r"
    Start((Start)) --> s0;
    c2 --> c0;
    c0 --> c1;
    s3 --> End((End));
    ");
    let dot = dot::text(&turns());
    for part in [
        "compound=true;",
        "Start -> s0;",
        "s0 -> s1 [ltail=cluster_c2, lhead=cluster_c0];",
        "s1 -> s3 [ltail=cluster_c0, lhead=cluster_c1];",
        "s3 -> End;",
    ] {
        assert!(dot.contains(part), "no {part} in {dot}");
    }
    assert_eq!(dot.matches("Start ->").count(), 1, "{dot}");
    let read: serde_json::Value = serde_json::from_str(&json::text(&turns())).unwrap();
    let edges = read["edges"].as_array().unwrap().iter();
    let edges: Vec<String> = edges
        .map(|edge| {
            assert_eq!(edge["kind"], "order");
            let end = |name: &str| edge[name].as_str().unwrap().replace("step.noop.", "");
            format!("{} {}", end("from"), end("to"))
        })
        .collect();
    assert_eq!(
        edges,
        [
            "Start setup.s0",
            "setup.s0 scenario.frame0.s1",
            "setup.s0 scenario.frame0.s2",
            "scenario.frame0.s1 teardown.s3",
            "scenario.frame0.s2 teardown.s3",
            "teardown.s3 End",
        ]
    );
}

/// Where the frames stand in the picture, from above.
#[test]
fn frames_stand_below_what_runs_before_them() {
    let svg = svg::text(&turns());
    let frames = svg.split("<rect class=\"frame\"");
    let tops: Vec<i32> = frames
        .collect::<Vec<_>>()
        .windows(2)
        .map(|around| {
            let (_, place) = around[0].rsplit_once("translate(").unwrap();
            let (place, _) = place.split_once(')').unwrap();
            let (_, top) = place.split_once(' ').unwrap();
            top.parse().unwrap()
        })
        .collect();
    let [scenario, teardown, setup] = tops[..] else {
        panic!("{tops:?}");
    };
    assert!(setup < scenario && scenario < teardown, "{tops:?}");
}
