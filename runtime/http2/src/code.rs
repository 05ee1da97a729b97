//! The codes by which both ends say why a stream or a connection ends (RFC 9113, section 7).

/// A code. Those that the standard does not know are kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    /// Nothing is wrong.
    pub const NO_ERROR: Self = Self(0);
    /// The other end broke a rule.
    pub const PROTOCOL_ERROR: Self = Self(1);
    /// An end failed by itself.
    pub const INTERNAL_ERROR: Self = Self(2);
    /// More was sent than a window allows.
    pub const FLOW_CONTROL_ERROR: Self = Self(3);
    /// A frame came for a stream that is over.
    pub const STREAM_CLOSED: Self = Self(5);
    /// A frame has a size that it cannot have.
    pub const FRAME_SIZE_ERROR: Self = Self(6);
    /// The request was not processed.
    pub const REFUSED_STREAM: Self = Self(7);
    /// Nobody wants the stream any more.
    pub const CANCEL: Self = Self(8);
    /// Fields cannot be decompressed.
    pub const COMPRESSION_ERROR: Self = Self(9);
    /// The other end asks for too much.
    pub const ENHANCE_YOUR_CALM: Self = Self(11);

    /// Its name in the standard.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            0 => "NO_ERROR",
            1 => "PROTOCOL_ERROR",
            2 => "INTERNAL_ERROR",
            3 => "FLOW_CONTROL_ERROR",
            4 => "SETTINGS_TIMEOUT",
            5 => "STREAM_CLOSED",
            6 => "FRAME_SIZE_ERROR",
            7 => "REFUSED_STREAM",
            8 => "CANCEL",
            9 => "COMPRESSION_ERROR",
            10 => "CONNECT_ERROR",
            11 => "ENHANCE_YOUR_CALM",
            12 => "INADEQUATE_SECURITY",
            13 => "HTTP_1_1_REQUIRED",
            _ => "a reason of its own",
        }
    }
}
