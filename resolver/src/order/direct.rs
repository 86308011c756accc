//! `reorder` of host.conf(5): glibc `resolv/res_hconf.c`, `_res_hconf_reorder_addrs`.

use std::net::{IpAddr, Ipv4Addr};

use crate::address::Address;

/// Swap the first address that is in a net of the namespace's interfaces with the first of all.
/// `nets` are the IPv4 addresses (`IFA_LOCAL`) with their prefix lengths, in the kernel's order.
///
/// glibc does so to the answer of gethostbyname2(3), which getaddrinfo(3) uses for `AF_INET`,
/// before the addresses are ordered.
pub(crate) fn direct_first(addresses: &mut [Address], nets: &[(Ipv4Addr, u8)]) {
    let is_direct = |address: &Address| match address.ip {
        IpAddr::V6(_) => false,
        IpAddr::V4(ip) => nets.iter().any(|(net, length)| {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(*length).min(32))
                .unwrap_or(0);
            (u32::from(ip) ^ u32::from(*net)) & mask == 0
        }),
    };
    if let Some(index) = addresses.iter().position(is_direct) {
        addresses.swap(0, index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_address_is_swapped_to_the_front() {
        let address = |last| Address::from(Ipv4Addr::new(192, 0, 2, last));
        let nets = [
            (Ipv4Addr::new(127, 0, 0, 1), 8),
            (Ipv4Addr::new(192, 0, 2, 130), 28),
        ];
        let mut addresses = [address(1), address(2), address(129), address(131)];
        direct_first(&mut addresses[..2], &nets);
        assert_eq!(addresses[0], address(1));
        direct_first(&mut addresses, &nets);
        assert_eq!(
            addresses,
            [address(129), address(2), address(1), address(131)]
        );
        direct_first(&mut addresses[1..3], &[(Ipv4Addr::UNSPECIFIED, 0)]);
        assert_eq!(addresses[1], address(2));
    }
}
