//! Functions over lists, sets, maps and objects.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{any, nullable, number, one, optional, pure, text};
use bggo_functions::{collection, lists, maps, sets};

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("alltrue", Home::Module("lists"), &[one("list", r::list_of_bools)], r::to_bool, lists::alltrue)
        .says(
            "Whether every item of a list is true.",
            "alltrue([true, false])",
            "false",
        ),
    pure("anytrue", Home::Module("lists"), &[one("list", r::list_of_bools)], r::to_bool, lists::anytrue)
        .says(
            "Whether any item of a list is true.",
            "anytrue([true, false])",
            "true",
        ),
    pure("chunklist", Home::Module("lists"), &[one("list", r::list_of_any), number("size")], r::chunklist, lists::chunklist)
        .says(
            "The items in lists of so many, the last of them perhaps shorter.",
            r#"chunklist(["a", "b", "c"], 2)"#,
            r#"[["a","b"],["c"]]"#,
        ),
    pure("coalesce", Home::Module("collection"), &[nullable("value")], r::coalesce, collection::coalesce).rest(nullable("value"))
        .says(
            "The first argument that is neither null nor an empty string.",
            r#"coalesce("", "b")"#,
            r#""b""#,
        ),
    pure("coalescelist", Home::Module("lists"), &[nullable("list")], r::coalescelist, lists::coalescelist).rest(nullable("list"))
        .says(
            "The first list that is neither null nor empty.",
            r#"coalescelist([], ["b"])"#,
            r#"["b"]"#,
        ),
    pure("compact", Home::Module("lists"), &[one("list", r::list_of_strings)], r::to_strings, lists::compact)
        .says(
            "The strings of a list that are neither null nor empty.",
            r#"compact(["a", "", "b"])"#,
            r#"["a","b"]"#,
        ),
    pure("concat", Home::Module("collection"), &[any("list")], r::concat, collection::concat).rest(any("list"))
        .says(
            "The items of all lists, one list after the other.",
            "concat([1], [2, 3])",
            "[1,2,3]",
        ),
    pure("contains", Home::Module("collection"), &[any("list"), any("value")], r::contains, collection::contains)
        .says(
            "Whether a list has an item that equals a value.",
            r#"contains(["a", "b"], "b")"#,
            "true",
        ),
    pure("distinct", Home::Module("collection"), &[one("list", r::list_of_any)], r::distinct, collection::distinct)
        .says(
            "The items of a list without repeats.",
            "distinct([1, 2, 1])",
            "[1,2]",
        ),
    pure("element", Home::Module("lists"), &[any("list"), number("index")], r::element, lists::element)
        .says(
            "The item at a position that goes round: behind the last comes the first.",
            r#"element(["a", "b", "c"], 4)"#,
            r#""b""#,
        ),
    pure("flatten", Home::Module("collection"), &[any("list")], r::flatten, collection::flatten)
        .says(
            "The items of a list and of all lists in it, on one level.",
            "flatten([[1], [2, [3]]])",
            "[1,2,3]",
        ),
    pure("index", Home::Module("lists"), &[any("list"), any("value")], r::index, lists::index)
        .says(
            "The position of the first item that equals a value.",
            r#"index(["a", "b"], "b")"#,
            "1",
        ),
    pure("keys", Home::Module("collection"), &[any("object")], r::keys, collection::keys)
        .says(
            "The keys of a map or object, in order.",
            "keys({ b = 1, a = 2 })",
            r#"["a","b"]"#,
        ),
    pure("length", Home::Module("collection"), &[any("value")], r::length, collection::length)
        .says(
            "How many items, attributes or characters there are.",
            r#"length(["a", "b"])"#,
            "2",
        ),
    pure("lookup", Home::Module("collection"), &[any("object"), text("key"), optional(nullable("default"))], r::lookup, collection::lookup)
        .says(
            "The value of a key, or a default where there is none.",
            r#"lookup({ a = 1 }, "b", 0)"#,
            "0",
        ),
    pure("matchkeys", Home::Module("lists"), &[one("values", r::list_of_any), one("keys", r::list_of_any), one("searched", r::list_of_any)], r::matchkeys, lists::matchkeys)
        .says(
            "Those values at whose places the keys have an item that is searched.",
            r#"matchkeys(["a", "b"], ["x", "y"], ["y"])"#,
            r#"["b"]"#,
        ),
    pure("merge", Home::Module("collection"), &[], r::merge, collection::merge).rest(nullable("object"))
        .says(
            "All attributes of all objects; a later one replaces an earlier one.",
            "merge({ a = 1 }, { b = 2 })",
            r#"{"a":1,"b":2}"#,
        ),
    pure("one", Home::Module("lists"), &[any("list")], r::one, lists::one)
        .says(
            "The only item of a list, or null where there is none.",
            r#"one(["a"])"#,
            r#""a""#,
        ),
    pure("range", Home::Module("collection"), &[number("start or limit"), optional(number("limit")), optional(number("step"))], r::range, collection::range)
        .says(
            "Numbers from a start up or down to, but without, a limit.",
            "range(1, 4)",
            "[1,2,3]",
        ),
    pure("reverse", Home::Module("lists"), &[any("list")], r::reverse, lists::reverse)
        .says(
            "The items of a list from the last to the first.",
            "reverse([1, 2, 3])",
            "[3,2,1]",
        ),
    pure("setintersection", Home::Module("sets"), &[any("set")], r::sets, sets::setintersection).rest(any("set"))
        .says(
            "What is in every set.",
            r#"setintersection(["a", "b"], ["b", "c"])"#,
            r#"["b"]"#,
        ),
    pure("setproduct", Home::Module("sets"), &[any("list"), any("list")], r::setproduct, sets::setproduct).rest(any("list"))
        .says(
            "Every combination of one item of each list.",
            r#"setproduct(["a", "b"], ["x", "y"])"#,
            r#"[["a","x"],["a","y"],["b","x"],["b","y"]]"#,
        ),
    pure("setsubtract", Home::Module("sets"), &[any("set"), any("set")], r::sets, sets::setsubtract)
        .says(
            "What is in the first set and not in the second.",
            r#"setsubtract(["a", "b", "c"], ["a", "c"])"#,
            r#"["b"]"#,
        ),
    pure("setunion", Home::Module("sets"), &[any("set")], r::sets, sets::setunion).rest(any("set"))
        .says(
            "What is in any set.",
            r#"setunion(["a", "b"], ["b", "c"])"#,
            r#"["a","b","c"]"#,
        ),
    pure("slice", Home::Module("lists"), &[any("list"), number("start"), number("end")], r::slice, lists::slice)
        .says(
            "The items from a position up to, but without, another.",
            r#"slice(["a", "b", "c", "d"], 1, 3)"#,
            r#"["b","c"]"#,
        ),
    pure("sort", Home::Module("lists"), &[one("list", r::list_of_strings)], r::to_strings, lists::sort)
        .says(
            "The strings of a list in order.",
            r#"sort(["c", "a", "b"])"#,
            r#"["a","b","c"]"#,
        ),
    pure("transpose", Home::Module("maps"), &[one("map", r::map_of_lists)], r::transpose, maps::transpose)
        .says(
            "A map of lists turned round: each item with the keys in whose lists it is.",
            r#"transpose({ a = ["1", "2"], b = ["2"] })"#,
            r#"{"1":["a"],"2":["a","b"]}"#,
        ),
    pure("values", Home::Module("collection"), &[any("object")], r::values, collection::values)
        .says(
            "The values of a map or object, in order of their keys.",
            "values({ b = 1, a = 2 })",
            "[2,1]",
        ),
    pure("zipmap", Home::Module("maps"), &[one("keys", r::list_of_strings), any("values")], r::zipmap, maps::zipmap)
        .says(
            "A map of keys and values that stand in two lists.",
            r#"zipmap(["a", "b"], [1, 2])"#,
            r#"{"a":1,"b":2}"#,
        ),
];
