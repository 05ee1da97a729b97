//! Functions over numbers.

use crate::function::{Function, Home};
use crate::results as r;
use crate::shape::{any, number, pure};
use bggo_functions::numeric;

#[rustfmt::skip]
pub(super) static FUNCTIONS: &[Function] = &[
    pure("abs", Home::Module("numeric"), &[number("number")], r::to_number, numeric::abs)
        .says(
            "The size of a number, without its sign.",
            "abs(-3.5)",
            "3.5",
        ),
    pure("ceil", Home::Module("numeric"), &[number("number")], r::to_number, numeric::ceil)
        .says(
            "The next whole number that is not smaller.",
            "ceil(1.2)",
            "2",
        ),
    pure("floor", Home::Module("numeric"), &[number("number")], r::to_number, numeric::floor)
        .says(
            "The next whole number that is not larger.",
            "floor(-1.2)",
            "-2",
        ),
    pure("log", Home::Crate("bggo-powers"), &[number("number"), number("base")], r::to_number, bggo_powers::log)
        .says(
            "The logarithm of a number to a base.",
            "log(16, 2)",
            "4",
        ),
    pure("max", Home::Module("numeric"), &[number("number")], r::to_number, numeric::max).rest(number("number"))
        .says(
            "The largest of its arguments.",
            "max(1, 12.5, 3)",
            "12.5",
        ),
    pure("min", Home::Module("numeric"), &[number("number")], r::to_number, numeric::min).rest(number("number"))
        .says(
            "The smallest of its arguments.",
            "min(1, 12.5, -3)",
            "-3",
        ),
    pure("parseint", Home::Module("numeric"), &[any("string"), number("base")], r::parseint, numeric::parseint)
        .says(
            "The whole number that a string is in a base of 2 to 62.",
            r#"parseint("ff", 16)"#,
            "255",
        ),
    pure("pow", Home::Crate("bggo-powers"), &[number("base"), number("exponent")], r::to_number, bggo_powers::pow)
        .says(
            "A number to the power of another.",
            "pow(3, 4)",
            "81",
        ),
    pure("signum", Home::Module("numeric"), &[number("number")], r::to_number, numeric::signum)
        .says(
            "-1, 0 or 1, as a number is below, equal to or above zero.",
            "signum(-13)",
            "-1",
        ),
    pure("sum", Home::Module("numeric"), &[any("list")], r::sum, numeric::sum)
        .says(
            "The sum of the numbers of a list.",
            "sum([1, 2.5, 3])",
            "6.5",
        ),
];
