//! The environment variables that change how names resolve: hostname(7), resolv.conf(5),
//! host.conf(5), and glibc's `resolv/res_hconf.c` and `res_init.c`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// Their values; `None` where a variable is not set, which differs from empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `LOCALDOMAIN`: the search list, in place of that of resolv.conf.
    pub localdomain: Option<Vec<u8>>,
    /// `RES_OPTIONS`: options read after those of resolv.conf.
    pub res_options: Option<Vec<u8>>,
    /// `HOSTALIASES`: the path of a file of names for names in DNS.
    pub hostaliases: Option<Vec<u8>>,
    /// `RESOLV_HOST_CONF`: the path of the file to read in place of host.conf.
    pub resolv_host_conf: Option<Vec<u8>>,
    /// `RESOLV_MULTI`: `on` or `off`, over `multi` of host.conf.
    pub resolv_multi: Option<Vec<u8>>,
    /// `RESOLV_REORDER`: `on` or `off`, over `reorder` of host.conf.
    pub resolv_reorder: Option<Vec<u8>>,
    /// `RESOLV_ADD_TRIM_DOMAINS`: more domains for `trim` of host.conf.
    pub resolv_add_trim_domains: Option<Vec<u8>>,
    /// `RESOLV_OVERRIDE_TRIM_DOMAINS`: domains in place of those of `trim`.
    pub resolv_override_trim_domains: Option<Vec<u8>>,
}

impl Environment {
    /// Those of this process.
    pub fn from_process() -> Environment {
        Environment::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Environment {
        let value = |name| variable(name).map(OsString::into_vec);
        Environment {
            localdomain: value("LOCALDOMAIN"),
            res_options: value("RES_OPTIONS"),
            hostaliases: value("HOSTALIASES"),
            resolv_host_conf: value("RESOLV_HOST_CONF"),
            resolv_multi: value("RESOLV_MULTI"),
            resolv_reorder: value("RESOLV_REORDER"),
            resolv_add_trim_domains: value("RESOLV_ADD_TRIM_DOMAINS"),
            resolv_override_trim_domains: value("RESOLV_OVERRIDE_TRIM_DOMAINS"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variable_is_read_by_its_name_and_empty_is_set() {
        let environment = Environment::from_variables(|name| Some(name.into()));
        assert_eq!(
            environment.localdomain.as_deref(),
            Some(&b"LOCALDOMAIN"[..])
        );
        assert_eq!(
            environment.res_options.as_deref(),
            Some(&b"RES_OPTIONS"[..])
        );
        assert_eq!(
            environment.hostaliases.as_deref(),
            Some(&b"HOSTALIASES"[..])
        );
        assert_eq!(
            environment.resolv_host_conf.as_deref(),
            Some(&b"RESOLV_HOST_CONF"[..])
        );
        assert_eq!(
            environment.resolv_multi.as_deref(),
            Some(&b"RESOLV_MULTI"[..])
        );
        assert_eq!(
            environment.resolv_reorder.as_deref(),
            Some(&b"RESOLV_REORDER"[..])
        );
        assert_eq!(
            environment.resolv_add_trim_domains.as_deref(),
            Some(&b"RESOLV_ADD_TRIM_DOMAINS"[..])
        );
        assert_eq!(
            environment.resolv_override_trim_domains.as_deref(),
            Some(&b"RESOLV_OVERRIDE_TRIM_DOMAINS"[..])
        );
        let empty = Environment::from_variables(|_| Some(OsString::new()));
        assert_eq!(empty.localdomain.as_deref(), Some(&b""[..]));
        assert_eq!(
            Environment::from_variables(|_| None),
            Environment::default()
        );
    }
}
