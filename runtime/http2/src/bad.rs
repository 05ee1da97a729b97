//! What is wrong with what a server sent, as a closed set, as a code for the server, and as words for people.

use crate::code::Code;

/// Why bytes are no right HTTP/2, or are refused. Some end a connection and some only a stream: see
/// [`crate::Event::Failed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// The first frame is not SETTINGS, so the other end may not speak HTTP/2 at all.
    NotHttp2,
    /// A frame is longer than 16 KiB, which is what this end allows.
    FrameTooLarge,
    /// A frame has a size that its kind cannot have.
    FrameSize,
    /// A frame of the connection stands on a stream, or the other way round.
    WrongStream,
    /// A frame for a stream that was not opened.
    IdleStream,
    /// A frame for a stream after the server ended it.
    AfterEnd,
    /// The padding of a frame is as long as the frame or longer.
    Padding,
    /// PUSH_PROMISE, which this end does not allow.
    Push,
    /// Something else than CONTINUATION stands within a block of fields, or CONTINUATION stands outside of one.
    Continuation,
    /// A setting has a value that it cannot have.
    Setting,
    /// A first window is larger than any can be.
    WindowSetting,
    /// An update of a window is nothing, or makes it larger than any can be.
    WindowUpdate,
    /// An update makes a window larger than any can be.
    WindowTooLarge,
    /// More bytes of a body came than the window allows.
    BeyondWindow,
    /// An index of no field, or a string or number without end.
    Compression,
    /// Huffman code that is none.
    Huffman,
    /// The table of fields is made larger than this end allows, or in the middle of a block.
    TableSize,
    /// The name of a field holds what no name may hold.
    Name,
    /// The value of a field holds a control character.
    Control,
    /// A field that HTTP/2 does not know, such as Connection.
    OfConnection,
    /// No status, two of them, or a status that is no number from 100 on.
    Status,
    /// A field that begins with a colon and is not the status, or stands behind other fields.
    Pseudo,
    /// Status 101, which HTTP/2 does not know.
    Switching,
    /// An answer ends with an interim head.
    InterimEnd,
    /// More than 64 interim heads.
    TooManyInterim,
    /// A body before the head.
    BodyBeforeHead,
    /// A second head that does not end the answer.
    SecondHead,
    /// `Content-Length` is not a number of bytes, or two of them differ.
    Length,
    /// The body is longer or shorter than `Content-Length`.
    LengthDiffers,
    /// More fields than [`crate::Limits`] allows.
    TooManyFields,
    /// A head of more bytes than [`crate::Limits`] allows.
    HeadTooLarge,
    /// A head whose block is twice as long as a head may be, or comes in too many pieces.
    BlockTooLarge,
    /// Frames without end that carry nothing.
    Flood,
}

impl Bad {
    /// One clause without a full stop. "it" is the answer.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotHttp2 => "what came is no HTTP/2",
            Self::FrameTooLarge => "a frame is larger than 16 KiB",
            Self::FrameSize => "a frame has a size that it cannot have",
            Self::WrongStream => "a frame stands on a stream where it cannot stand",
            Self::IdleStream => "a frame is for a stream that nobody opened",
            Self::AfterEnd => "a frame came after the end of the stream",
            Self::Padding => "the padding of a frame is longer than the frame",
            Self::Push => "the server pushes what nobody asked for",
            Self::Continuation => "the pieces of a head do not follow each other",
            Self::Setting => "a setting has a value that it cannot have",
            Self::WindowSetting | Self::WindowTooLarge => {
                "a window is larger than any window can be"
            }
            Self::WindowUpdate => "a window grows by nothing",
            Self::BeyondWindow => "more of a body came than the window allows",
            Self::Compression => "its headers cannot be decompressed",
            Self::Huffman => "its headers hold Huffman code that is none",
            Self::TableSize => "the table of headers is larger than allowed",
            Self::Name => "the name of a header holds what no name may hold",
            Self::Control => "a control character stands in its headers",
            Self::OfConnection => "it has a header that HTTP/2 does not know",
            Self::Status => "its status is no number of three digits from 100 on",
            Self::Pseudo => "it has a header with a colon before its name that no answer has",
            Self::Switching => "its status is 101, which HTTP/2 does not know",
            Self::InterimEnd => "it ends with an interim answer (1xx)",
            Self::TooManyInterim => "more than 64 interim answers (1xx) came before it",
            Self::BodyBeforeHead => "its body came before its head",
            Self::SecondHead => "it has a second head that does not end it",
            Self::Length => "its Content-Length is no number of bytes",
            Self::LengthDiffers => "its body has another length than its Content-Length says",
            Self::TooManyFields => "it has too many headers",
            Self::HeadTooLarge | Self::BlockTooLarge => "its headers are too large",
            Self::Flood => "frames that carry nothing came without end",
        }
    }

    /// What the server is told.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::FrameTooLarge | Self::FrameSize => Code::FRAME_SIZE_ERROR,
            Self::WindowSetting | Self::WindowTooLarge | Self::BeyondWindow => {
                Code::FLOW_CONTROL_ERROR
            }
            Self::Compression | Self::Huffman | Self::TableSize => Code::COMPRESSION_ERROR,
            Self::AfterEnd => Code::STREAM_CLOSED,
            Self::TooManyInterim
            | Self::TooManyFields
            | Self::HeadTooLarge
            | Self::BlockTooLarge
            | Self::Flood => Code::ENHANCE_YOUR_CALM,
            _ => Code::PROTOCOL_ERROR,
        }
    }
}
