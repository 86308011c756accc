//! The sockets that sources are asked for with.

use std::fs;
use std::net::{IpAddr, SocketAddrV4, SocketAddrV6};

use netns::interfaces::SourceProbe;

use crate::address::Address;
use crate::order::Candidate;

/// One for each family, opened when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    ipv4: Option<SourceProbe>,
    ipv6: Option<SourceProbe>,
    /// See [`SourceProbe::is_bound_to_interface`].
    are_bound: bool,
}

impl Probes {
    /// Each destination with its source.
    ///
    /// glibc uses one socket for all: an IPv6 one from the first IPv6 destination on, which gives
    /// IPv4 sources in their mapped form, unless IPv6 sockets are IPv6 only.
    pub(super) fn candidates(&mut self, addresses: Vec<Address>) -> Vec<Candidate> {
        let mut wide = false;
        let mut known: Option<(Address, Option<IpAddr>)> = None;
        let mut candidates = Vec::with_capacity(addresses.len());
        for address in addresses {
            let source = match &known {
                Some((last, source)) if *last == address => *source,
                _ => self.source(&address, &mut wide),
            };
            known = Some((address.clone(), source));
            candidates.push(Candidate { address, source });
        }
        candidates
    }

    fn source(&mut self, address: &Address, wide: &mut bool) -> Option<IpAddr> {
        match address.ip {
            IpAddr::V4(ip) => {
                if *wide && ipv6_sockets_are_ipv6_only() {
                    *wide = false;
                }
                let probe = opened(&mut self.ipv4, SourceProbe::ipv4, &mut self.are_bound)?;
                if *wide {
                    // glibc's socket has had one.
                    probe.release();
                }
                match probe.source_for(SocketAddrV4::new(ip, 0).into()).ok()? {
                    IpAddr::V4(source) if *wide => Some(source.to_ipv6_mapped().into()),
                    source => Some(source),
                }
            }
            IpAddr::V6(ip) => {
                let probe = opened(&mut self.ipv6, SourceProbe::ipv6, &mut self.are_bound);
                *wide = probe.is_some();
                let destination = SocketAddrV6::new(ip, 0, 0, address.scope_id());
                probe?.source_for(destination.into()).ok()
            }
        }
    }

    /// What of these is as good as new for the next lookup: all, unless the kernel binds sockets to
    /// an interface, which holds for their first destination only.
    pub(crate) fn kept(self) -> Probes {
        if self.are_bound {
            Probes::default()
        } else {
            self
        }
    }
}

fn opened<'p>(
    probe: &'p mut Option<SourceProbe>,
    open: fn() -> nix::Result<SourceProbe>,
    are_bound: &mut bool,
) -> Option<&'p mut SourceProbe> {
    if probe.is_none() {
        let opened = open().ok()?;
        *are_bound |= opened.is_bound_to_interface();
        *probe = Some(opened);
    }
    probe.as_mut()
}

/// The sysctl `net.ipv6.bindv6only` of this namespace.
fn ipv6_sockets_are_ipv6_only() -> bool {
    fs::read("/proc/sys/net/ipv6/bindv6only").is_ok_and(|value| value.starts_with(b"1"))
}
