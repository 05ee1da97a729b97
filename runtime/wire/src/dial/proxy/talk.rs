//! What is said to a proxy and comes from it, whatever it speaks.

use crate::trouble::{Kind, Phase, Trouble};
use crate::wire::Wire;
use bggo_runtime::contract::FaultText;

/// Why a proxy made no connection.
pub(super) enum No {
    /// It could not reach that place; perhaps it reaches another.
    Place(Trouble),
    /// It is of no use.
    Proxy(Trouble),
}

impl No {
    /// A proxy that is of no use.
    pub(super) fn proxy(text: impl Into<FaultText>) -> Self {
        Self::Proxy(Trouble::new(Kind::Connect, Phase::Dial, text))
    }

    /// It asks for a login.
    pub(super) fn login() -> Self {
        Self::proxy("the proxy asks for a user and password, or for others than its url has")
    }
}

/// Waits until `least` bytes of what the proxy says stand there.
pub(super) async fn need(wire: &mut Wire, least: usize) -> Result<(), No> {
    while wire.peek().len() < least {
        match wire.fill(usize::MAX).await {
            Ok(0) => return Err(No::proxy("the proxy closed the connection")),
            Ok(_) => {}
            Err(trouble) => return Err(lost(&trouble)),
        }
    }
    Ok(())
}

/// Sends what was appended.
pub(super) async fn say(wire: &mut Wire) -> Result<(), No> {
    wire.flush().await.map_err(|trouble| lost(&trouble))
}

/// The connection to a proxy broke.
fn lost(trouble: &Trouble) -> No {
    let text = FaultText::plain("the connection to the proxy broke: ");
    No::proxy(text.and_text(trouble.text()))
}
