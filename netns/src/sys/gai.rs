//! getaddrinfo(3) and getnameinfo(3) of the C library that this program is linked with.

use std::ffi::{CStr, c_int};
use std::mem;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

use crate::glibc::{AddrInfo, Family, Flags, GaiError};

impl Family {
    fn raw(self) -> c_int {
        match self {
            Family::Unspec => libc::AF_UNSPEC,
            Family::Inet => libc::AF_INET,
            Family::Inet6 => libc::AF_INET6,
        }
    }
}

/// See [`crate::glibc::getaddrinfo`].
pub(crate) fn getaddrinfo(name: &CStr, family: Family, flags: Flags) -> Result<AddrInfo, GaiError> {
    // SAFETY: addrinfo is plain data for which all zeros is the documented empty value.
    let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
    hints.ai_family = family.raw();
    hints.ai_socktype = libc::SOCK_STREAM;
    if flags.addrconfig {
        hints.ai_flags |= libc::AI_ADDRCONFIG;
    }
    if flags.canonname {
        hints.ai_flags |= libc::AI_CANONNAME;
    }
    let mut list = ptr::null_mut();
    // In some failures glibc reports what errno was before.
    nix::errno::Errno::clear();
    // SAFETY: the name is NUL-terminated, hints and list outlive the call.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut list) };
    if code != 0 {
        return Err(GaiError {
            code,
            errno: nix::errno::Errno::last_raw(),
        });
    }
    let mut info = AddrInfo {
        addresses: Vec::new(),
        canonical_name: None,
    };
    let mut entry = list;
    // SAFETY: on success the list is made of valid entries, the last with a null ai_next; each
    // ai_addr points to a socket address of the entry's family, ai_canonname to a NUL-terminated
    // string or nowhere. Nothing is used after freeaddrinfo.
    unsafe {
        while let Some(current) = entry.as_ref() {
            if info.canonical_name.is_none() && !current.ai_canonname.is_null() {
                info.canonical_name =
                    Some(CStr::from_ptr(current.ai_canonname).to_bytes().to_vec());
            }
            match current.ai_family {
                libc::AF_INET => {
                    let address = &*current.ai_addr.cast::<libc::sockaddr_in>();
                    let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
                    info.addresses.push((IpAddr::V4(ip), 0));
                }
                libc::AF_INET6 => {
                    let address = &*current.ai_addr.cast::<libc::sockaddr_in6>();
                    let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                    info.addresses.push((IpAddr::V6(ip), address.sin6_scope_id));
                }
                _ => {}
            }
            entry = current.ai_next;
        }
        libc::freeaddrinfo(list);
    }
    Ok(info)
}

/// See [`crate::glibc::getnameinfo`].
pub(crate) fn getnameinfo(ip: IpAddr, scope_id: u32) -> Result<Vec<u8>, GaiError> {
    let mut host = [0 as libc::c_char; libc::NI_MAXHOST as usize];
    let call = |address: *const libc::sockaddr, length: usize, host: &mut [libc::c_char]| {
        // SAFETY: the address is a socket address of this length, the buffer as long as stated.
        unsafe {
            libc::getnameinfo(
                address,
                length as libc::socklen_t,
                host.as_mut_ptr(),
                host.len() as libc::socklen_t,
                ptr::null_mut(),
                0,
                libc::NI_NAMEREQD,
            )
        }
    };
    nix::errno::Errno::clear();
    let code = match ip {
        IpAddr::V4(ip) => {
            // SAFETY: all zeros is a valid sockaddr_in.
            let mut address: libc::sockaddr_in = unsafe { mem::zeroed() };
            address.sin_family = libc::AF_INET as libc::sa_family_t;
            address.sin_addr.s_addr = u32::from(ip).to_be();
            call(
                ptr::from_ref(&address).cast(),
                size_of_val(&address),
                &mut host,
            )
        }
        IpAddr::V6(ip) => {
            // SAFETY: all zeros is a valid sockaddr_in6.
            let mut address: libc::sockaddr_in6 = unsafe { mem::zeroed() };
            address.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            address.sin6_addr.s6_addr = ip.octets();
            address.sin6_scope_id = scope_id;
            call(
                ptr::from_ref(&address).cast(),
                size_of_val(&address),
                &mut host,
            )
        }
    };
    if code != 0 {
        return Err(GaiError {
            code,
            errno: nix::errno::Errno::last_raw(),
        });
    }
    let bytes = host
        .iter()
        .take_while(|&&byte| byte != 0)
        .map(|&byte| byte as u8)
        .collect();
    Ok(bytes)
}
