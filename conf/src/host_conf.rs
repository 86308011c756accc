//! host.conf(5): all lines of the hosts file or the first, and domains to trim.
//!
//! Source: glibc `resolv/res_hconf.c`. glibc reads the file once per process, and writes what it
//! has to complain about to standard error; here that is in the notes.

use crate::Notes;
use crate::environment::Environment;
use crate::text::{c_string, is_space, short_lines, skip, split_where};

/// The buffer for a line.
const LINE: usize = 256;
/// Trim domains that can be given (`TRIMDOMAINS_MAX`).
const MAX_TRIM: usize = 4;

/// The file and the environment, taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostConf {
    /// `multi`: a name has the addresses of all its lines in the hosts file.
    pub multi: bool,
    /// `reorder`: an address in a net of the machine's own goes first. It shows for IPv4 alone.
    pub reorder: bool,
    /// `trim`: domains to take off the names of a reverse lookup.
    trim: Vec<Vec<u8>>,
    /// What in the file or the environment could not be read.
    pub notes: Notes,
}

impl HostConf {
    /// Reads the contents of the file; empty if there is none, which is no error. If
    /// `RESOLV_HOST_CONF` is set, the file is the one it names.
    pub fn parse(file: &[u8], environment: &Environment) -> HostConf {
        let mut conf = HostConf::default();
        for (index, line) in short_lines(file, LINE).enumerate() {
            let (line, _) = split_where(line, |byte| byte == b'\n');
            if let Err(what) = conf.read_line(line) {
                conf.notes
                    .note(format!("host.conf, line {}: {what}", index + 1));
            }
        }
        conf.read_environment(environment);
        conf
    }

    fn read_environment(&mut self, environment: &Environment) {
        let switches = [
            ("RESOLV_MULTI", &environment.resolv_multi),
            ("RESOLV_REORDER", &environment.resolv_reorder),
        ];
        for (name, value) in switches {
            let Some(value) = value else { continue };
            match (switch(c_string(value)), name) {
                (None, _) => self.notes.note(format!("{name} is neither on nor off")),
                (Some((on, _)), "RESOLV_MULTI") => self.multi = on,
                (Some((on, _)), _) => self.reorder = on,
            }
        }
        if let Some(domains) = &environment.resolv_add_trim_domains
            && let Err(what) = self.read_trim(c_string(domains))
        {
            self.notes.note(format!("RESOLV_ADD_TRIM_DOMAINS: {what}"));
        }
        if let Some(domains) = &environment.resolv_override_trim_domains {
            self.trim.clear();
            if let Err(what) = self.read_trim(c_string(domains)) {
                self.notes
                    .note(format!("RESOLV_OVERRIDE_TRIM_DOMAINS: {what}"));
            }
        }
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let line = skip(line, is_space);
        if matches!(line, [] | [b'#', ..]) {
            return Ok(());
        }
        let (keyword, rest) = split_where(line, is_word_end);
        let rest = skip(rest, is_space);
        let rest = match keyword.to_ascii_lowercase().as_slice() {
            b"order" => return Ok(()),
            b"trim" => self.read_trim(rest)?,
            flag @ (b"multi" | b"reorder") => {
                let (on, rest) = switch(rest).ok_or("neither on nor off")?;
                *(if flag == b"multi" {
                    &mut self.multi
                } else {
                    &mut self.reorder
                }) = on;
                rest
            }
            _ => return Err("no such keyword"),
        };
        match skip(rest, is_space) {
            [] | [b'#', ..] => Ok(()),
            _ => Err("the end of the line is ignored"),
        }
    }

    /// Domains separated by white space or a comma; a semicolon or a colon separates only with
    /// white space before it. Gives what follows them.
    fn read_trim<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], &'static str> {
        loop {
            let (domain, after) = split_where(rest, is_word_end);
            if self.trim.len() == MAX_TRIM {
                return Err("more than 4 trim domains");
            }
            // May be empty, and then counts.
            self.trim.push(domain.to_vec());
            rest = skip(after, is_space);
            if let [b',' | b';' | b':', after @ ..] = rest {
                rest = skip(after, is_space);
                if matches!(rest, [] | [b'#', ..]) {
                    return Err("no domain after the last separator");
                }
            }
            if matches!(rest, [] | [b'#', ..]) {
                return Ok(rest);
            }
        }
    }

    /// A name of a reverse lookup without the first of the trim domains that it ends in. The
    /// domain is compared as text, usually with its leading dot; a name that is nothing but the
    /// domain stays.
    pub fn trim<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        let stem = |domain: &Vec<u8>| {
            let length = name
                .len()
                .checked_sub(domain.len())
                .filter(|&length| length > 0)?;
            name[length..]
                .eq_ignore_ascii_case(domain)
                .then_some(&name[..length])
        };
        self.trim.iter().find_map(stem).unwrap_or(name)
    }
}

/// `on` or `off` at the start, whatever follows; gives that, too.
fn switch(text: &[u8]) -> Option<(bool, &[u8])> {
    let starts_with = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if starts_with(b"on") {
        Some((true, &text[2..]))
    } else if starts_with(b"off") {
        Some((false, &text[3..]))
    } else {
        None
    }
}

fn is_word_end(byte: u8) -> bool {
    is_space(byte) || byte == b'#' || byte == b','
}

#[cfg(test)]
mod tests;
