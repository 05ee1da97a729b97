//! The operations of an OpenAPI document, and the schemas of what they answer.

use super::reference::{Names, Target};
use super::tree::{Content, Place, Tree};

/// An operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// `operationId`, if it has one.
    pub(super) id: Option<String>,
    /// `GET /users/{id}`
    pub(super) line: String,
    /// Its object.
    pub(super) place: Place,
}

/// The schemas of which one holds of an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Roots {
    pub(super) schemas: Vec<Place>,
    /// There are answers that are no JSON too, as one without a body.
    pub(super) has_others: bool,
}

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// All operations.
pub(super) fn operations(tree: &Tree, names: &Names) -> Vec<Operation> {
    let paths = tree.root().and_then(|root| tree.get(root, "paths"));
    let mut found = Vec::new();
    for path in paths.map_or(&[][..], |paths| tree.members(paths)) {
        let item = followed(tree, names, path.value);
        for member in tree.members(item) {
            if !METHODS.contains(&member.name.as_str()) {
                continue;
            }
            let place = member.value;
            found.push(Operation {
                id: tree.text_of(place, "operationId").map(str::to_owned),
                line: format!("{} {}", member.name.to_uppercase(), path.name),
                place,
            });
        }
    }
    found
}

/// The schemas of the JSON bodies of the answers that an operation calls a success: those with a status of 2xx, or else
/// the default one.
pub(super) fn answers(tree: &Tree, names: &Names, operation: Place) -> Roots {
    let mut roots = Roots::default();
    let Some(responses) = tree.get(operation, "responses") else {
        return roots;
    };
    let members = tree.members(responses);
    let is_success = |status: &str| status.len() == 3 && status.starts_with('2');
    let of_success = members.iter().filter(|one| is_success(&one.name));
    let mut chosen: Vec<Place> = of_success.map(|one| one.value).collect();
    if chosen.is_empty() {
        chosen.extend(tree.get(responses, "default"));
    }
    for response in chosen {
        let response = followed(tree, names, response);
        let content = tree.get(response, "content");
        let bodies = content.map_or(&[][..], |content| tree.members(content));
        let of_json = bodies.iter().filter(|one| is_json(&one.name));
        let of_json: Vec<Place> = of_json.map(|one| one.value).collect();
        roots.has_others |= of_json.is_empty() || of_json.len() < bodies.len();
        let schemas = of_json.iter().filter_map(|body| tree.get(*body, "schema"));
        roots.schemas.extend(schemas);
    }
    roots
}

/// What an object stands for that may be a reference.
fn followed(tree: &Tree, names: &Names, place: Place) -> Place {
    let mut place = place;
    // A circle of references ends somewhere.
    for _ in 0..16 {
        let reference = match tree.content(place) {
            Content::Object(_) => tree.text_of(place, "$ref"),
            _ => None,
        };
        match reference.map(|reference| names.target(tree, reference)) {
            Some(Target::Here(target)) => place = target,
            _ => break,
        }
    }
    place
}

fn is_json(media_type: &str) -> bool {
    let kind = media_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_lowercase();
    kind.ends_with("/json")
        || kind.ends_with("+json")
        || matches!(kind.as_str(), "*/*" | "application/*")
}
