//! The files that come with Protocol Buffers: they are read from here, wherever a file imports them from.

/// The files by their paths.
const FILES: [(&str, &str); 11] = [
    (
        "google/protobuf/any.proto",
        include_str!("google/any.proto"),
    ),
    (
        "google/protobuf/api.proto",
        include_str!("google/api.proto"),
    ),
    (
        "google/protobuf/descriptor.proto",
        include_str!("google/descriptor.proto"),
    ),
    (
        "google/protobuf/duration.proto",
        include_str!("google/duration.proto"),
    ),
    (
        "google/protobuf/empty.proto",
        include_str!("google/empty.proto"),
    ),
    (
        "google/protobuf/field_mask.proto",
        include_str!("google/field_mask.proto"),
    ),
    (
        "google/protobuf/source_context.proto",
        include_str!("google/source_context.proto"),
    ),
    (
        "google/protobuf/struct.proto",
        include_str!("google/struct.proto"),
    ),
    (
        "google/protobuf/timestamp.proto",
        include_str!("google/timestamp.proto"),
    ),
    (
        "google/protobuf/type.proto",
        include_str!("google/type.proto"),
    ),
    (
        "google/protobuf/wrappers.proto",
        include_str!("google/wrappers.proto"),
    ),
];

/// The text of a file.
pub(super) fn text(path: &str) -> Option<&'static str> {
    let found = FILES.iter().find(|(known, _)| *known == path);
    found.map(|(_, text)| *text)
}
