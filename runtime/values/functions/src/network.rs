//! Functions over networks and addresses of IPv4 and IPv6, written as `10.0.0.0/8`.

use super::args::{Args, args};
use bggo_values::{Fault, Value};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy)]
struct Network {
    /// The first of them; an address of IPv4 is in the lower 32 bits.
    first: u128,
    /// How many bits are the same.
    prefix: u32,
    /// How many bits an address has: 32 or 128.
    bits: u32,
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        if prefix.is_empty() || prefix.len() > 3 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let prefix: u32 = prefix.parse().ok()?;
        let (address, bits) = match address.contains(':') {
            true => (address.parse::<Ipv6Addr>().ok()?.to_bits(), 128),
            false => (u128::from(ipv4(address)?.to_bits()), 32),
        };
        let network = Self {
            first: address,
            prefix,
            bits,
        };
        (prefix <= bits).then(|| Self {
            first: address & !network.mask(),
            ..network
        })
    }

    /// The bits in which its addresses differ.
    fn mask(&self) -> u128 {
        match self.bits - self.prefix {
            128 => u128::MAX,
            free => (1 << free) - 1,
        }
    }

    fn address(&self, address: u128) -> String {
        match (self.bits, u32::try_from(address)) {
            (32, Ok(address)) => Ipv4Addr::from_bits(address).to_string(),
            _ => Ipv6Addr::from_bits(address).to_string(),
        }
    }

    fn text(&self) -> String {
        format!("{}/{}", self.address(self.first), self.prefix)
    }

    /// The network of this number among those that begin with so many bits more.
    fn part(&self, more: u32, number: u128) -> Self {
        let prefix = self.prefix + more;
        let shifted = number.checked_shl(self.bits - prefix).unwrap_or(0);
        Self {
            first: self.first | shifted,
            prefix,
            ..*self
        }
    }
}

/// Four numbers, which may begin with zeros.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut parts = [0u8; 4];
    let mut found = text.split('.');
    for part in &mut parts {
        let digits = found.next()?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *part = digits.parse().ok()?;
    }
    found.next().is_none().then(|| Ipv4Addr::from(parts))
}

fn network(args: Args<'_>) -> Result<Network, Fault> {
    Network::read(&args.text(0)?).ok_or_else(|| {
        args.fault(
            0,
            "a network is required, like \"10.0.0.0/8\" or \"fd00::/48\"",
        )
    })
}

/// The address of this number in a network; negative numbers count from its end.
///
/// # Errors
/// When there is no such network or no such number in it.
pub fn cidrhost(values: &[Value]) -> Result<Value, Fault> {
    let args = args("cidrhost", values, 2, 2)?;
    let (network, number) = (network(args)?, args.number(1)?);
    let number = number
        .whole()
        .ok_or_else(|| args.fault(1, "a whole number is required"))?;
    let size = number.unsigned_abs();
    let found = match number < 0 {
        false => (size <= network.mask()).then_some(size),
        true => network.mask().checked_sub(size - 1),
    };
    match found {
        Some(found) => Ok(Value::from(network.address(network.first | found))),
        None => Err(args.fault(1, "the network has no address of that number")),
    }
}

/// The mask of a network of IPv4.
///
/// # Errors
/// When there is no such network.
pub fn cidrnetmask(values: &[Value]) -> Result<Value, Fault> {
    let args = args("cidrnetmask", values, 1, 1)?;
    let network = network(args)?;
    if network.bits != 32 {
        return Err(args.fault(0, "a network of IPv6 has no mask"));
    }
    let mask = u128::from(u32::MAX) & !network.mask();
    Ok(Value::from(network.address(mask)))
}

/// A part of a network: that of this number among those whose prefix is so many bits longer.
///
/// # Errors
/// When there is no such network, or no such part in it.
pub fn cidrsubnet(values: &[Value]) -> Result<Value, Fault> {
    let args = args("cidrsubnet", values, 3, 3)?;
    let network = network(args)?;
    let more = u32::try_from(args.count(1, usize::MAX)?).unwrap_or(u32::MAX);
    if more > network.bits - network.prefix {
        return Err(args.fault(1, "the prefix would be longer than an address"));
    }
    let number = args
        .number(2)?
        .whole()
        .and_then(|number| u128::try_from(number).ok());
    let number =
        number.ok_or_else(|| args.fault(2, "a whole number that is not negative is required"))?;
    if more < 128 && number >> more != 0 {
        return Err(args.fault(2, "there is no part of that number"));
    }
    Ok(Value::from(network.part(more, number).text()))
}

/// Parts of a network one after the other, each with a prefix that is so many bits longer.
///
/// # Errors
/// When there is no such network, or it has no room for them.
pub fn cidrsubnets(values: &[Value]) -> Result<Value, Fault> {
    let args = args("cidrsubnets", values, 1, usize::MAX)?;
    let network = network(args)?;
    let mut free = network.first;
    let mut full = false;
    let mut parts = Vec::with_capacity(args.len());
    for place in 1..args.len() {
        let more = args.whole(place)?;
        let more = u32::try_from(more)
            .ok()
            .filter(|more| (1..=32).contains(more))
            .ok_or_else(|| args.fault(place, "a prefix can be 1 to 32 bits longer"))?;
        if more > network.bits - network.prefix {
            return Err(args.fault(place, "the prefix would be longer than an address"));
        }
        let part = network.part(more, 0);
        // The next place at which a network of this length may begin.
        let first = free
            .checked_add(part.mask())
            .map(|above| above & !part.mask());
        let inside = first.filter(|first| !full && first & !network.mask() == network.first);
        let Some(first) = inside else {
            return Err(args.fault(place, "the network has no room left"));
        };
        parts.push(Value::from(Network { first, ..part }.text()));
        match first
            .checked_add(part.mask())
            .and_then(|last| last.checked_add(1))
        {
            Some(next) => free = next,
            None => full = true,
        }
    }
    Ok(Value::from(parts))
}
