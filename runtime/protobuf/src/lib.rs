//! Messages of Protocol Buffers by a table: a value to bytes, and bytes to a value.
//!
//! ```text
//! compiler:  Schema --table::write--> bytes of the program
//! program:   bytes --Table::read--> Table     once a thread
//!            Value, or Skeleton + holes --encode, Encoder--> bytes
//!            bytes --Decoder--> Value
//! ```
//!
//! No code is made of a message: a module is compiled once for all grids, so what a grid's messages are comes as data.
//! A value of a message is an object:
//!
//! | in the `.proto` file | value |
//! | --- | --- |
//! | number types | a number; floats that are no decimal of 28 digits keep their text |
//! | `bool`, `string`, `bytes` | a bool, a string, bytes |
//! | an enum | the name; the number, where it has no name |
//! | `repeated`, `map` | a list, an object |
//! | `optional`, a message, a member of a `oneof` | null where it is absent |
//! | `google.protobuf.Timestamp` | a text by RFC 3339 in UTC |
//! | `google.protobuf.Duration` | a duration; a text such as `-1.5s` where it is negative or longer than 292 years |
//! | wrappers such as `google.protobuf.StringValue` | what they wrap, or null |
//! | `google.protobuf.Struct`, `Value`, `ListValue` | any value |
//!
//! A value that is encoded may also say more loosely what it is, as everywhere in the language: the text of a number, a
//! number for a string, the name of a field in JSON.

mod check;
mod decode;
mod encode;
mod form;
mod prepared;
mod scalar;
pub mod schema;
mod table;
mod wanted;
mod wire;
mod wrong;

pub use check::{check_form, check_scalar};
pub use decode::{Decoder, Limits};
pub use encode::encode;
pub use prepared::{Encoder, Skeleton};
pub use schema::Schema;
pub use table::{Table, write};
pub use wanted::Wanted;
