//! Functions of other tools that the language does not have: what to write instead.

/// What to write instead of a call of this function.
pub(super) fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "plantimestamp" => "`timestamp()` is when the program started, the same for the whole run",
        "ephemeralasnull" => "no value is ephemeral here: write the value itself",
        "rsadecrypt" => "decrypt it before the run, and pass it as a sensitive variable",
        "type" => {
            "whether a value has a type says `can(tonumber(..))`, or `can` around another conversion"
        }
        "list" => "a list is written in brackets: `[a, b]`",
        "map" => "a map is written in braces: `{ name = value }`",
        "defaults" => "a default stands in the type: `optional(string, \"x\")`",
        "randomIntBetween" | "rand" | "random" => "a random number is `random_int(least, most)`",
        "uuidv4" => "a random UUID is `uuid()`",
        "now" => "the start of the run is `timestamp()`, this moment `timestamp_ms()`",
        _ => return None,
    })
}
