//! What is wrong with a message, as a closed set, and as words for people.

/// Why bytes are no HTTP/1 message, or one that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// An answer does not begin with `HTTP/`.
    NotHttp,
    /// The version is neither 1.0 nor 1.1.
    Version,
    /// The status is not three digits from 100 on.
    Status,
    /// A request line is not a method, a target and a version with one space between them.
    RequestLine,
    /// A control character stands in the head or in a trailer.
    Control,
    /// A carriage return stands without a line feed.
    BareCarriageReturn,
    /// The first field begins with a space, so it continues nothing.
    SpaceAfterFirstLine,
    /// A line of the head has no colon.
    NoColon,
    /// The name of a field is empty or holds what no name may hold.
    Name,
    /// A space stands before the colon of `Content-Length` or `Transfer-Encoding`.
    SpaceBeforeColon,
    /// `Content-Length` is not a number of bytes.
    Length,
    /// `Content-Length` is 2^64 or more.
    LengthTooLarge,
    /// Two lengths that are not the same.
    LengthsDiffer,
    /// `Transfer-Encoding` is not exactly `chunked`.
    TransferEncoding,
    /// `Transfer-Encoding` in a message of HTTP/1.0.
    TransferEncodingInHttp10,
    /// A length beside `chunked`.
    LengthBesideChunked,
    /// Status 101, although the request did not ask for an upgrade.
    UnaskedUpgrade,
    /// More fields than [`crate::Limits`] allows.
    TooManyFields,
    /// A head or trailers of more bytes than [`crate::Limits`] allows.
    HeadTooLarge,
    /// The size of a chunk has no digit, or something else stands in its line.
    ChunkSize,
    /// The size of a chunk has more than 16 digits.
    ChunkSizeTooLarge,
    /// No line end follows a chunk's last byte.
    ChunkEnd,
    /// The line of a chunk's size is longer than 4 KiB.
    ChunkLineTooLong,
    /// The chunk extensions of a body are longer than 64 KiB in all.
    ChunkExtensionsTooLong,
}

impl Bad {
    /// One clause without a full stop. "it" is the answer or the request.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotHttp => "it does not begin as an HTTP/1 answer does",
            Self::Version => "its version is neither HTTP/1.0 nor HTTP/1.1",
            Self::Status => "its status is no number of three digits from 100 on",
            Self::RequestLine => "its first line is not a method, a target and a version",
            Self::Control => "a control character stands in its headers",
            Self::BareCarriageReturn => "a carriage return stands without a line feed",
            Self::SpaceAfterFirstLine => "a space stands before its first header",
            Self::NoColon => "a line of its headers has no colon",
            Self::Name => "the name of a header holds what no name may hold",
            Self::SpaceBeforeColon => {
                "a space stands before the colon of Content-Length or Transfer-Encoding"
            }
            Self::Length => "its Content-Length is no number of bytes",
            Self::LengthTooLarge => "its Content-Length is larger than any length can be",
            Self::LengthsDiffer => "it has two lengths that are not the same",
            Self::TransferEncoding => "its Transfer-Encoding is something else than chunked",
            Self::TransferEncodingInHttp10 => {
                "it has a Transfer-Encoding, which HTTP/1.0 does not know"
            }
            Self::LengthBesideChunked => "it has a Content-Length beside a Transfer-Encoding",
            Self::UnaskedUpgrade => "its status is 101, and no upgrade was asked for",
            Self::TooManyFields => "it has too many headers",
            Self::HeadTooLarge => "its headers are too large",
            Self::ChunkSize => "the size of a chunk is malformed",
            Self::ChunkSizeTooLarge => "the size of a chunk has more than 16 digits",
            Self::ChunkEnd => "a chunk is longer than its size says",
            Self::ChunkLineTooLong => "the line of a chunk's size is too long",
            Self::ChunkExtensionsTooLong => "the chunk extensions of its body are too long",
        }
    }
}
