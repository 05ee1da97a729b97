//! A method of a service, by which a module encodes what it sends and decodes what it receives.

/// A method that the grid names, with its messages as its `.proto` files declare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// `package.Service/Method`, as it stands in a request's path.
    pub name: &'static str,
    /// The client sends any number of messages.
    pub client_streams: bool,
    /// The server answers with any number of messages.
    pub server_streams: bool,
    /// The messages that it can reach, as `bggo_protobuf::write` writes them: its request and its response are named in it.
    pub table: &'static [u8],
}
