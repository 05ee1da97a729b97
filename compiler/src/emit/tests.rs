//! Emission from plans made by hand, without the stages before.

use super::*;
use crate::check::typed::*;
use crate::modules::Modules;
use crate::plan::plan;
use crate::resolve::model::*;
use crate::source::{FileId, Sources, Span};
use bggo_manifest::Lifetime;
use bggo_values::{Type, Value};

fn span() -> Span {
    Span {
        file: FileId(0),
        start: 0,
        end: 1,
    }
}

fn expr(kind: TKind, ty: Type, binding: Binding) -> TExpr {
    TExpr {
        kind,
        ty,
        binding,
        sensitivity: Sensitivity::default(),
        span: span(),
    }
}

fn text(text: &'static str) -> TExpr {
    expr(
        TKind::Constant(Value::text(text)),
        Type::String,
        Binding::Built,
    )
}

fn step(runner: &str, name: &str) -> TStep {
    TStep {
        runner: Modules::built_in().find_runner(runner).unwrap(),
        runner_name: runner.into(),
        name: name.into(),
        span: span(),
        arguments: Vec::new(),
        uses: Vec::new(),
        instances: TInstances::Single,
        enabled: None,
        execution: None,
        continue_on_failure: false,
        tags: Vec::new(),
        description: None,
        sensitive: false,
    }
}

fn needs(from: usize, to: usize) -> Edge {
    Edge {
        from: Node::Step(StepId(from)),
        to: Node::Step(StepId(to)),
        instances: Instances::All,
        cause: span(),
        kind: EdgeKind::Explicit,
    }
}

/// A target, a request to it, three that read its answer, and a print of all of it.
fn example() -> Typed {
    let modules = Modules::built_in();
    let url = |path: TPart| {
        let site = expr(
            TKind::Export {
                resource: ResourceId(0),
                field: Some(0),
            },
            Type::String,
            Binding::Iteration,
        );
        expr(
            TKind::Template(vec![
                TPart::Hole(site),
                TPart::Text("/anything/".into()),
                path,
            ]),
            Type::String,
            Binding::Iteration,
        )
    };
    let status = |at: Binding| {
        expr(
            TKind::Output {
                step: StepId(0),
                instance: InstanceOf::Only,
                field: Some(0),
            },
            Type::Number,
            at,
        )
    };
    let mut login = step("http_request", "login");
    login.arguments.push((0, url(TPart::Text("login".into()))));
    let mut item = step("http_request", "item");
    item.instances = TInstances::Count(3);
    item.arguments.push((
        0,
        url(TPart::Hole(expr(
            TKind::CountIndex,
            Type::Number,
            Binding::Step,
        ))),
    ));
    let json = modules
        .runner(item.runner)
        .inputs
        .iter()
        .position(|input| input.name == "json")
        .unwrap();
    let pairs = vec![
        (
            text("n"),
            expr(TKind::CountIndex, Type::Number, Binding::Step),
        ),
        (text("status"), status(Binding::Iteration)),
    ];
    item.arguments
        .push((json, expr(TKind::Object(pairs), Type::Any, Binding::Step)));
    let method = modules
        .runner(item.runner)
        .inputs
        .iter()
        .position(|input| input.name == "method")
        .unwrap();
    item.arguments.push((method, text("POST")));
    let mut show = step("print", "show");
    show.arguments.push((
        0,
        expr(
            TKind::Template(vec![
                TPart::Text("got {".into()),
                TPart::Hole(status(Binding::Iteration)),
                TPart::Text("}".into()),
            ]),
            Type::String,
            Binding::Iteration,
        ),
    ));
    let wait = step("noop", "wait");
    let reads = |from: usize| Edge {
        to: Node::Resource(ResourceId(0)),
        kind: EdgeKind::Implicit,
        ..needs(from, 0)
    };
    Typed {
        steps: vec![login, item, show, wait],
        resources: vec![TResource {
            asset: modules.find_asset("http_target").unwrap(),
            asset_name: "http_target".into(),
            name: "site".into(),
            span: span(),
            arguments: Vec::new(),
            uses: Vec::new(),
            scope: Lifetime::Run,
            used: true,
            description: None,
        }],
        variables: vec![TVariable {
            name: "base".into(),
            span: span(),
            ty: Type::String,
            default: Some(Value::text("x")),
            description: None,
            sensitive: false,
            nullable: true,
            validations: Vec::new(),
        }],
        locals: Vec::new(),
        bound_names: Vec::new(),
        edges: vec![
            reads(0),
            reads(1),
            needs(1, 0),
            needs(2, 1),
            needs(3, 0),
            needs(2, 3),
        ],
        order: vec![
            Node::Resource(ResourceId(0)),
            Node::Step(StepId(0)),
            Node::Step(StepId(1)),
            Node::Step(StepId(3)),
            Node::Step(StepId(2)),
        ],
    }
}

fn emitted(typed: &Typed) -> String {
    let sources = Sources::from_texts(vec![("grid.hcl".into(), "resource".into())]);
    let plan = plan(typed, &sources, Modules::built_in());
    emit(&plan, Modules::built_in()).files["src/main.rs"].clone()
}

#[test]
fn a_grid_with_data_instances_and_a_resource_is_plain_rust() {
    let rust = emitted(&example());
    syn::parse_file(&rust).unwrap();
    assert!(
        rust.contains("\"{}/anything/{}\""),
        "a text with holes: {rust}"
    );
    assert!(
        rust.contains("\"{{\\\"n\\\":{},\\\"status\\\":{}}}\""),
        "JSON with holes: {rust}"
    );
    assert!(rust.contains("each(0, 3,"), "instances: {rust}");
    assert!(!rust.contains("usize"), "numbers are plain: {rust}");
    assert_eq!(
        rust,
        emitted(&example()),
        "the same plan gives the same bytes"
    );
}
