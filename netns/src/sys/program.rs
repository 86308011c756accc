//! A program to become: its arguments and environment, and where it is looked for.
//!
//! All that execve(2) needs is made beforehand, so that a process that shares memory with another
//! one can become the program without an allocation. The lookup is that of execvpe(3) in glibc
//! (posix/execvpe.c), which other C libraries differ from.

use std::ffi::{CStr, CString, OsStr, c_char};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr;

use nix::errno::Errno;

/// A program with its arguments, and the environment of this process with one variable set and all
/// others left as they are, malformed ones too.
pub(crate) struct Program {
    _args: Vec<CString>,
    /// The shell, the first argument, the others, a null pointer: the vector of a program is all
    /// but the shell. The first argument of a script has the path of the script in its place.
    argv: Vec<*const c_char>,
    /// The one variable, which `envp` ends with.
    _variable: CString,
    envp: Vec<*const c_char>,
    /// Where it may be, in the order of the lookup.
    paths: Vec<CString>,
}

/// What runs a file without an interpreter line.
const SHELL: &CStr = c"/bin/sh";

/// Where programs are if there is no `PATH`.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

impl Program {
    /// The program that the first argument names, with one more environment variable.
    ///
    /// # Errors
    /// ENOENT if nothing is named, EINVAL for a NUL byte.
    pub(crate) fn new(args: Vec<CString>, (key, value): (&CStr, &CStr)) -> nix::Result<Program> {
        let name = args.first().ok_or(Errno::ENOENT)?.as_bytes();
        let variable = [key.to_bytes(), b"=", value.to_bytes()].concat();
        let variable = CString::new(variable).map_err(|_| Errno::EINVAL)?;
        let environment = environment();
        let paths = candidates(name, search_path(&environment))?;
        let mut envp = Vec::with_capacity(environment.len() + 2);
        let is_other = |entry: &&&CStr| value_of(entry, key.to_bytes()).is_none();
        envp.extend(environment.iter().filter(is_other).map(|it| it.as_ptr()));
        envp.extend([variable.as_ptr(), ptr::null()]);
        let argv = args.iter().map(|arg| arg.as_ptr());
        let argv = [SHELL.as_ptr()].into_iter().chain(argv);
        let argv = argv.chain([ptr::null()]).collect();
        Ok(Program {
            _args: args,
            argv,
            _variable: variable,
            envp,
            paths,
        })
    }

    /// Replace this process by it. Why that was not done.
    pub(crate) fn exec(&mut self) -> Errno {
        why_none((0..self.paths.len()).map(|index| self.exec_at(index)))
    }

    fn exec_at(&mut self, index: usize) -> Errno {
        let path = self.paths[index].as_ptr();
        match execve(path, &self.argv[1..], &self.envp) {
            Errno::ENOEXEC => {
                let name = std::mem::replace(&mut self.argv[1], path);
                let errno = execve(SHELL.as_ptr(), &self.argv, &self.envp);
                self.argv[1] = name;
                errno
            }
            errno => errno,
        }
    }

    /// The first file that the lookup comes upon, executable or not.
    pub(crate) fn found(&self) -> Option<&Path> {
        let path = |path| Path::new(OsStr::from_bytes(CStr::to_bytes(path)));
        let mut paths = self.paths.iter().map(|it| path(it));
        paths.find(|path| path.exists())
    }
}

/// Why no path of a lookup was executed, from why each was not. Those after one that ends the lookup
/// are not asked for.
fn why_none(failures: impl Iterator<Item = Errno>) -> Errno {
    let mut why = Errno::ENOENT;
    for errno in failures {
        match errno {
            // There is none here, or none that may be run, or a file server does not say.
            Errno::ENOENT
            | Errno::ENOTDIR
            | Errno::EACCES
            | Errno::ESTALE
            | Errno::ENODEV
            | Errno::ETIMEDOUT => {}
            _ => return errno,
        }
        if why != Errno::EACCES {
            why = errno;
        }
    }
    why
}

/// Where a program may be: nowhere if it has no name. A directory with too long a path is skipped;
/// glibc looks in the working directory then, which must be an oversight.
fn candidates(name: &[u8], path: &[u8]) -> nix::Result<Vec<CString>> {
    let text = |bytes| CString::new(bytes).map_err(|_| Errno::EINVAL);
    if name.is_empty() {
        return Ok(Vec::new());
    }
    if name.contains(&b'/') {
        return Ok(vec![text(name.to_vec())?]);
    }
    path.split(|&byte| byte == b':')
        .filter(|directory| directory.len() < libc::PATH_MAX as usize)
        .map(|directory| {
            // An empty directory is the working directory.
            let separator: &[u8] = if directory.is_empty() { b"" } else { b"/" };
            text([directory, separator, name].concat())
        })
        .collect()
}

/// Why this process did not become the program. The arrays are of pointers to NUL-terminated
/// strings, and end with a null pointer.
fn execve(path: *const c_char, argv: &[*const c_char], envp: &[*const c_char]) -> Errno {
    // SAFETY: this is called by `Program` only, whose pointers are to strings that it owns or that
    // are the environment's, and which ends both arrays with a null pointer.
    unsafe { libc::execve(path, argv.as_ptr(), envp.as_ptr()) };
    Errno::last()
}

/// `PATH`: the first one, if the environment has several.
fn search_path<'a>(environment: &[&'a CStr]) -> &'a [u8] {
    let mut entries = environment.iter();
    let path = entries.find_map(|entry| value_of(entry, b"PATH"));
    path.unwrap_or(DEFAULT_PATH)
}

/// The value, if the entry is of this variable.
fn value_of<'a>(entry: &'a CStr, key: &[u8]) -> Option<&'a [u8]> {
    entry.to_bytes().strip_prefix(key)?.strip_prefix(b"=")
}

/// The environment of this process, environ(7), as it is; only until something changes it.
fn environment<'a>() -> Vec<&'a CStr> {
    unsafe extern "C" {
        /// The environment as the C library has it.
        static mut environ: *const *const c_char;
    }
    let mut entries = Vec::new();
    // SAFETY: environ is null or an array of pointers to NUL-terminated strings that ends with a
    // null pointer. Whoever changes it, setenv(3) or std, must by their contracts make sure that
    // nobody reads it meanwhile, and a program is made and executed in one call of this crate.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            entries.push(CStr::from_ptr(*entry));
            entry = entry.add(1);
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_in_the_order_of_path() {
        let cases: [(&[u8], &[u8], &[&CStr]); 5] = [
            (b"ls", b"/bin:/usr/bin", &[c"/bin/ls", c"/usr/bin/ls"]),
            (b"ls", b"", &[c"ls"]),
            (b"ls", b":/bin:", &[c"ls", c"/bin/ls", c"ls"]),
            (b"./ls", b"/bin", &[c"./ls"]),
            (b"", b"/bin", &[]),
        ];
        for (name, path, expected) in cases {
            let found = candidates(name, path).expect("no NUL");
            let found = found.iter().map(CString::as_c_str);
            assert!(found.eq(expected.iter().copied()));
        }
    }

    #[test]
    fn first_path_of_the_environment_counts() {
        for (environment, path) in [
            (&[c"A=b", c"PATH=/a", c"PATH=/b"][..], "/a"),
            (&[c"PATH", c"PATHS=/a", c"PATH="], ""),
            (&[c"HOME=/"], "/bin:/usr/bin"),
        ] {
            assert_eq!(search_path(environment), path.as_bytes());
        }
    }

    #[test]
    fn directory_whose_path_the_kernel_does_not_take_is_skipped() {
        for (length, count) in [(4095, 2), (4096, 1)] {
            let path = [&vec![b'x'; length][..], b":/bin"].concat();
            assert_eq!(candidates(b"ls", &path).map(|it| it.len()), Ok(count));
        }
    }

    #[test]
    fn failure_of_a_lookup_is_the_last_one_or_lack_of_permission() {
        use Errno::{EACCES, ELOOP, ENOENT, ENOTDIR, ESTALE, ETXTBSY};
        for (failures, why) in [
            (&[][..], ENOENT),
            (&[ENOENT, ENOTDIR], ENOTDIR),
            (&[ENOTDIR, ENOENT], ENOENT),
            (&[ENOENT, ESTALE], ESTALE),
            (&[ENOENT, EACCES, ESTALE, ENOENT], EACCES),
            (&[EACCES, ELOOP, ENOENT], ELOOP),
            (&[ETXTBSY, EACCES], ETXTBSY),
        ] {
            assert_eq!(why_none(failures.iter().copied()), why, "{failures:?}");
        }
    }
}
