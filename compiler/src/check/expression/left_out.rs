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
        "randomIntBetween" | "rand" | "randint" | "random" | "random_integer" | "uniform"
        | "normal" => "a random number is `random_int(least, most)`",
        "uuidv4" | "uuid4" | "uuid_v4" | "random_uuid" | "guid" => "a random UUID is `uuid()`",
        "toUpper" | "toUpperCase" | "uppercase" => "letters are made upper case by `upper(text)`",
        "toLower" | "toLowerCase" | "lowercase" => "letters are made lower case by `lower(text)`",
        "len" | "size" | "count" => "how many there are says `length(..)`",
        "toJson" | "to_json" | "JSON" | "stringify" | "json_encode" => {
            "JSON is made by `jsonencode(..)`"
        }
        "parseJson" | "from_json" | "json_decode" => "JSON is read by `jsondecode(text)`",
        "randomString" | "random_alphanumeric" => "a random text is `random_string(length)`",
        "randomItem" | "sample" | "pick" | "choice" | "one_of" => {
            "a random item is `random_choice(list)`"
        }
        "atob" => "Base64 is read by `base64decode(text)`",
        "btoa" => "Base64 is made by `base64encode(text)`",
        "encodeURIComponent" | "urlEncode" | "url_encode" => {
            "a text is made part of a URL by `urlencode(text)`"
        }
        "parseInt" | "int" | "float" | "number" => "a text is made a number by `tonumber(text)`",
        "str" | "string" | "toString" => {
            "a value is made a text by `tostring(value)`, or in a text by `${value}`"
        }
        "concatenate" | "concat_ws" => {
            "texts are joined by a template, `\"${a}${b}\"`, or by `join(between, list)`"
        }
        "sleep" => "a pause is `delay_before = \"1s\"` or `delay_after = \"1s\"` of a step",
        "getenv" | "get_env" | "env_var" | "environ" => {
            "a variable of the environment is read by `env(\"NAME\")`"
        }
        "now" => "the start of the run is `timestamp()`, this moment `timestamp_ms()`",
        _ => return None,
    })
}
