//! Every code of a problem, declared once: its name, a summary in a few words, and its page in `docs/errors`.

use super::Code;

/// The summary and the page of a code.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// A few words: the `summary` of the JSON form.
    pub summary: &'static str,
    /// The text of `docs/errors/CODE.md`.
    pub page: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:literal, $summary:literal;)*) => {
        $(#[doc = $summary] pub const $constant: Code = Code($name);)*

        /// All codes, in the order of their declaration.
        pub const ALL: &[Entry] = &[$(Entry {
            code: $constant,
            summary: $summary,
            page: include_str!(concat!("../../../docs/errors/", $name, ".md")),
        }),*];
    };
}

codes! {
    // source
    FILE_NOT_FOUND = "file_not_found", "File not found";
    UNREADABLE_FILE = "unreadable_file", "Unreadable file";
    NO_GRID = "no_grid", "No grid in the folder";
    NOT_UTF8 = "not_utf8", "File is not UTF-8";
    // syntax: texts
    UNCLOSED_STRING = "unclosed_string", "Unclosed string";
    UNCLOSED_HEREDOC = "unclosed_heredoc", "Unclosed heredoc";
    UNCLOSED_COMMENT = "unclosed_comment", "Unclosed comment";
    UNCLOSED_BRACKET = "unclosed_bracket", "Unclosed bracket";
    INVALID_CHARACTER = "invalid_character", "Invalid character";
    INVALID_ESCAPE = "invalid_escape", "Invalid escape";
    INVALID_NUMBER = "invalid_number", "Invalid number";
    INVALID_TEMPLATE = "invalid_template", "Invalid template";
    UNEXPECTED_TOKEN = "unexpected_token", "Invalid syntax";
    NESTED_TOO_DEEP = "nested_too_deep", "Nested too deep";
    DUPLICATE_KEY = "duplicate_key", "Duplicate key of an object";
    AMBIGUOUS_KEY = "ambiguous_key", "Ambiguous key of an object";
    // syntax: blocks
    UNKNOWN_BLOCK = "unknown_block", "Unknown block";
    UNKNOWN_ATTRIBUTE = "unknown_attribute", "Unknown attribute";
    MISSING_ATTRIBUTE = "missing_attribute", "Missing attribute";
    DUPLICATE_ATTRIBUTE = "duplicate_attribute", "Duplicate attribute";
    DUPLICATE_BLOCK = "duplicate_block", "Duplicate block";
    WRONG_LABELS = "wrong_labels", "Wrong number of labels";
    INVALID_LABEL = "invalid_label", "Invalid label";
    BLOCK_EXPECTED = "block_expected", "Block expected";
    ATTRIBUTE_EXPECTED = "attribute_expected", "Attribute expected";
    LIST_EXPECTED = "list_expected", "List expected";
    INVALID_TYPE = "invalid_type", "Invalid type";
    MISPLACED_MANIFEST = "misplaced_manifest", "Manifest in a grid";
    REPLACED_LIFECYCLE = "replaced_lifecycle", "Replaced block";
    MODULES_ELSEWHERE = "modules_elsewhere", "Modules from elsewhere";
    INVALID_GRID = "invalid_grid", "Invalid settings of a grid";
    VERSION_NOT_MET = "version_not_met", "Another version of bggo is required";
    // resolve
    DUPLICATE_NAME = "duplicate_name", "Duplicate name";
    UNKNOWN_RUNNER = "unknown_runner", "Unknown runner";
    UNKNOWN_ASSET = "unknown_asset", "Unknown asset";
    UNKNOWN_REFERENCE = "unknown_reference", "Unknown reference";
    UNKNOWN_STEP = "unknown_step", "Unknown step";
    UNKNOWN_RESOURCE = "unknown_resource", "Unknown resource";
    UNKNOWN_VARIABLE = "unknown_variable", "Unknown variable";
    UNKNOWN_LOCAL = "unknown_local", "Unknown local";
    UNKNOWN_DATA = "unknown_data", "Unknown data";
    UNKNOWN_INPUT = "unknown_input", "Unknown input";
    INVALID_REFERENCE = "invalid_reference", "Invalid reference";
    REFERENCE_NOT_ALLOWED = "reference_not_allowed", "Reference not allowed here";
    SELF_REFERENCE = "self_reference", "Self-reference";
    DEPENDENCY_CYCLE = "dependency_cycle", "Cycle";
    INVALID_DEPENDENCY = "invalid_dependency", "Invalid item of depends_on";
    AMBIGUOUS_DEPENDENCY = "ambiguous_dependency", "Ambiguous item of depends_on";
    NO_INSTANCES = "no_instances", "No instances";
    NOT_KNOWN_AT_START = "not_known_at_start", "Not known at start";
    QUOTED_REFERENCE = "quoted_reference", "Reference in quotes";
    // check: expressions
    WRONG_TYPE = "wrong_type", "Wrong type";
    INVALID_VALUE = "invalid_value", "Invalid value";
    NO_COMMON_TYPE = "no_common_type", "No common type";
    UNLIKE_TYPES = "unlike_types", "Comparison of unlike types";
    NO_ATTRIBUTE = "no_attribute", "No such attribute";
    UNKNOWN_OUTPUT = "unknown_output", "Unknown output";
    UNKNOWN_FUNCTION = "unknown_function", "Unknown function";
    WRONG_ARGUMENTS = "wrong_arguments", "Wrong arguments of a function";
    MISSING_INDEX = "missing_index", "Missing index of an instance";
    UNEXPECTED_INDEX = "unexpected_index", "Unexpected index";
    INDEX_OUT_OF_RANGE = "index_out_of_range", "Index out of range";
    TOO_LARGE = "too_large", "Too many parts";
    INVALID_FILE = "invalid_file", "File cannot be read";
    INVALID_SCHEMA = "invalid_schema", "Invalid schema";
    UNKNOWN_OPERATION = "unknown_operation", "Unknown operation";
    UNKNOWN_STATEMENT = "unknown_statement", "Unknown statement";
    UNKNOWN_METHOD = "unknown_method", "Unknown method";
    SCHEMA_IN_PART = "schema_in_part", "Schema that is read in part";
    UNKNOWN_FIELD = "unknown_field", "Attribute or field that is not declared";
    HEADER_CASE = "header_case", "Header in upper case";
    // check: blocks
    UNKNOWN_ARGUMENT = "unknown_argument", "Unknown argument";
    MISSING_ARGUMENT = "missing_argument", "Missing argument";
    NULL_ARGUMENT = "null_argument", "Null argument";
    NOT_ONE_OF = "not_one_of", "Value not allowed";
    VALUE_REFUSED = "value_refused", "Value refused by the module";
    WRONG_MESSAGE = "wrong_message", "Value that does not fit its message";
    RULE_BROKEN = "rule_broken", "Rule of the module broken";
    ENCODED_TWICE = "encoded_twice", "Encoded twice";
    UNKNOWN_USE = "unknown_use", "Unknown use";
    MISSING_USE = "missing_use", "Missing use";
    WRONG_ASSET = "wrong_asset", "Wrong asset";
    NOT_A_RESOURCE = "not_a_resource", "Not a resource";
    INVALID_COUNT = "invalid_count", "Invalid count";
    INVALID_FOR_EACH = "invalid_for_each", "Invalid for_each";
    NOT_CONSTANT = "not_constant", "Not known when built";
    INVALID_DELAY = "invalid_delay", "Invalid delay";
    INVALID_MIX = "invalid_mix", "Invalid mix";
    INVALID_TIMEOUT = "invalid_timeout", "Invalid timeout";
    INVALID_RETRY = "invalid_retry", "Invalid retry";
    INVALID_REPEAT = "invalid_repeat", "Invalid repeat";
    INVALID_ON_ERROR = "invalid_on_error", "Invalid on_error";
    INVALID_LIMIT = "invalid_limit", "Invalid limit";
    INVALID_SCOPE = "invalid_scope", "Invalid scope";
    INVALID_DEFAULT = "invalid_default", "Invalid default";
    DUPLICATE_FLAG = "duplicate_flag", "Duplicate flag";
    UNUSED_RESOURCE = "unused_resource", "Unused resource";
    DUPLICATE_CHECK = "duplicate_check", "Duplicate check";
    INVALID_METRIC = "invalid_metric", "Invalid metric";
    UNKNOWN_CUSTOM_METRIC = "unknown_custom_metric", "Unknown metric";
    INVALID_DATA = "invalid_data", "Invalid data";
    UNKNOWN_COLUMN = "unknown_column", "Unknown column";
    UNUSED_DATA = "unused_data", "Unused data";
    UNUSED_VARIABLE = "unused_variable", "Unused variable";
    UNUSED_LOCAL = "unused_local", "Unused local";
    UNUSED_METRIC = "unused_metric", "Unused metric";
    UNUSED_FLOW = "unused_flow", "Unused flow";
    NO_STEPS = "no_steps", "No steps";
    MAY_BE_NULL = "may_be_null", "Value that may be null";
    CONSTANT_CHECK = "constant_check", "Check with one outcome";
    LITERAL_SECRET = "literal_secret", "Secret in the grid";
    COSTLY_STEP = "costly_step", "Step that costs more than the load";
    NEEDLESS_STEP = "needless_step", "Step that nobody needs";
    ROWS_RUN_OUT = "rows_run_out", "Too few rows of data";
    TOO_FEW_USERS = "too_few_users", "Too few users for a rate";
    // what steps do to resources that serve one after the other
    BLOCKED_CONNECTION = "blocked_connection", "Step that others wait for";
    UNORDERED_IN_TRANSACTION = "unordered_in_transaction", "Step inside of a transaction, or not";
    TRANSACTION_ORDER = "transaction_order", "Transactions in no order";
    RETRY_IN_TRANSACTION = "retry_in_transaction", "Part of a transaction tried again";
    LATE_RESULT = "late_result", "Result that comes too late to be read";
    TRANSACTION_LEFT_OPEN = "transaction_left_open", "Transaction that nothing closes";
    // comments
    UNUSED_ALLOW = "unused_allow", "Comment that allows nothing";
    // thresholds
    UNKNOWN_METRIC = "unknown_metric", "Unknown metric";
    UNKNOWN_STATISTIC = "unknown_statistic", "Unknown statistic";
    UNIT_MISMATCH = "unit_mismatch", "Unit that does not fit";
    THRESHOLD_FORM = "threshold_form", "Not a form of a condition";
    INVALID_THRESHOLD = "invalid_threshold", "Invalid threshold";
    ALWAYS_TRUE = "always_true", "Condition that cannot fail";
    RESPONSE_OF_CLOSED = "response_of_closed", "Response time of a closed profile";
    // check: load
    LOOSE_STEPS = "loose_steps", "Steps outside of scenarios";
    UNKNOWN_PROFILE = "unknown_profile", "Unknown profile";
    FIELD_OF_PROFILE = "field_of_profile", "Field of another profile";
    INVALID_LOAD = "invalid_load", "Invalid load";
    PACE_OPEN = "pace_open", "Pace of an open profile";
}

/// The entry of a code.
pub fn entry(code: Code) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.code == code)
}

/// The summary of a code, or the code itself if it is not declared.
pub fn summary(code: Code) -> &'static str {
    entry(code).map_or(code.0, |entry| entry.summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_declared_once_and_have_a_page_that_names_them() {
        for (index, entry) in ALL.iter().enumerate() {
            assert!(
                ALL[..index].iter().all(|other| other.code != entry.code),
                "{} twice",
                entry.code.0
            );
            assert!(
                entry.page.starts_with(&format!("# {}\n", entry.code.0)),
                "page of {}",
                entry.code.0
            );
        }
    }
}
