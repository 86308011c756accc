//! The modules that the C library of this machine could load: `libnss_NAME.so.2` found as
//! dlopen(3) finds it, and the functions it has. Nothing is loaded here, files are only read.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::address::Family;

/// The functions of a module that lookups of hosts call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Functions {
    /// `gethostbyname4_r`: a name, both families at once.
    pub(super) by_name: bool,
    /// `gethostbyname2_r`: a name, one family.
    pub(super) by_name_and_family: bool,
    /// `gethostbyaddr_r`: an address.
    pub(super) by_address: bool,
}

impl Functions {
    /// Those named in the file of a module.
    fn named_in(file: &[u8], service: &str) -> Functions {
        let has = |function: &str| {
            let symbol = format!("_nss_{service}_{function}\0");
            file.windows(symbol.len())
                .any(|window| window == symbol.as_bytes())
        };
        Functions {
            by_name: has("gethostbyname4_r"),
            by_name_and_family: has("gethostbyname2_r"),
            by_address: has("gethostbyaddr_r"),
        }
    }

    /// Whether getaddrinfo has a function to call for this family.
    pub(super) fn serve(self, family: Family) -> bool {
        self.by_name_and_family || (self.by_name && family == Family::Unspec)
    }
}

/// The functions of a service's module, None if there is no module. As in a program that uses
/// glibc, the first look at a module holds as long as the process runs.
pub(super) fn functions(service: &str) -> Option<Functions> {
    static KNOWN: Mutex<BTreeMap<String, Option<Functions>>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&functions) = known().get(service) {
        return functions;
    }
    let file_name = format!("libnss_{service}.so.2");
    let functions = candidates(&file_name)
        .iter()
        .find_map(|path| read_module(path))
        .map(|file| Functions::named_in(&file, service));
    known().insert(service.to_owned(), functions);
    functions
}

/// Where dlopen(3) looks for a library, in order: `LD_LIBRARY_PATH`, ld.so.cache and the
/// directories the C library was built with, as distributions set them. A name with a slash is a
/// path.
fn candidates(file_name: &str) -> Vec<PathBuf> {
    if file_name.contains('/') {
        return vec![file_name.into()];
    }
    let mut candidates = Vec::new();
    if let Some(list) = std::env::var_os("LD_LIBRARY_PATH") {
        let directories = list
            .as_bytes()
            .split(|byte| matches!(byte, b':' | b';'))
            .map(|directory| Path::new(OsStr::from_bytes(directory)));
        if !list.is_empty() {
            candidates.extend(directories.map(|directory| directory.join(file_name)));
        }
    }
    candidates.extend(in_cache(file_name));
    let multiarch = format!("/lib/{}-linux-gnu", std::env::consts::ARCH);
    let directories = if Path::new(&multiarch).exists() {
        [multiarch.clone(), format!("/usr{multiarch}")]
    } else {
        ["/lib64".to_owned(), "/usr/lib64".to_owned()]
    };
    let both = directories.iter().map(String::as_str);
    candidates.extend(
        both.chain(["/lib", "/usr/lib"])
            .map(|directory| Path::new(directory).join(file_name)),
    );
    candidates
}

/// Where ld.so.cache has libraries of this name. As dlopen(3) does, it is read once.
fn in_cache(file_name: &str) -> Vec<PathBuf> {
    static MODULES: OnceLock<BTreeMap<Vec<u8>, Vec<PathBuf>>> = OnceLock::new();
    let modules = MODULES.get_or_init(|| {
        let cache = std::fs::read("/etc/ld.so.cache").unwrap_or_default();
        let mut modules: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, path) in entries(&cache).filter(|(name, _)| name.starts_with(b"libnss_")) {
            let path = PathBuf::from(OsStr::from_bytes(path));
            modules.entry(name.to_vec()).or_default().push(path);
        }
        modules
    });
    modules
        .get(file_name.as_bytes())
        .cloned()
        .unwrap_or_default()
}

/// The libraries of an ld.so.cache and their paths (`sysdeps/generic/dl-cache.h` of glibc,
/// `struct cache_file_new`): a header of 48 bytes, entries of 24 and the strings they point to.
fn entries(cache: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
    const HEADER: usize = 48;
    const ENTRY: usize = 24;
    let number = move |at: usize| -> Option<usize> {
        let bytes = cache.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_ne_bytes(*bytes)).ok()
    };
    let string =
        move |at: usize| -> Option<&[u8]> { cache.get(at..)?.split(|&byte| byte == 0).next() };
    let entry = move |index: usize| -> Option<(&[u8], &[u8])> {
        // int32_t flags, uint32_t key, uint32_t value: offsets from the start of the file.
        let start = HEADER + index * ENTRY;
        Some((string(number(start + 4)?)?, string(number(start + 8)?)?))
    };
    let count = if cache.starts_with(MAGIC) {
        number(MAGIC.len()).unwrap_or_default()
    } else {
        0
    };
    (0..count.min(cache.len() / ENTRY)).map_while(entry)
}

/// The file, if it is a library for programs like this one.
fn read_module(path: &Path) -> Option<Vec<u8>> {
    // A pipe would wait for a writer.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    File::open(path).ok()?.read_to_end(&mut content).ok()?;
    is_loadable(&content, own_kind()).then_some(content)
}

/// What an ELF file says of the machine it is for: class and byte order, and `e_machine`.
type ElfKind = ([u8; 2], [u8; 2]);

fn elf_kind(file: &[u8]) -> Option<ElfKind> {
    let header = file.strip_prefix(b"\x7fELF")?;
    Some((*header.first_chunk()?, *header.get(14..)?.first_chunk()?))
}

fn is_loadable(file: &[u8], own: Option<ElfKind>) -> bool {
    match (elf_kind(file), own) {
        (Some(kind), Some(own)) => kind == own,
        (kind, None) => kind.is_some(),
        (None, _) => false,
    }
}

/// That of this program.
fn own_kind() -> Option<ElfKind> {
    static OWN: OnceLock<Option<ElfKind>> = OnceLock::new();
    *OWN.get_or_init(|| {
        let mut header = Vec::new();
        File::open("/proc/self/exe")
            .ok()?
            .take(20)
            .read_to_end(&mut header)
            .ok()?;
        elf_kind(&header)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_the_functions_that_it_names() {
        let file = b"\x7fELF..\0_nss_foo_gethostbyname2_r\0_nss_foo_gethostbyaddr_r\0\
            _nss_foo_gethostbyname4_rx\0_nss_bar_gethostbyname4_r\0";
        let functions = Functions::named_in(file, "foo");
        assert!(!functions.by_name);
        assert!(functions.by_name_and_family);
        assert!(functions.by_address);
        assert_eq!(Functions::named_in(file, "oo"), Functions::default());
    }

    #[test]
    fn without_a_function_for_both_families_that_for_one_is_asked() {
        let both = Functions {
            by_name: true,
            ..Functions::default()
        };
        assert!(both.serve(Family::Unspec));
        assert!(!both.serve(Family::Inet) && !both.serve(Family::Inet6));
        let one = Functions {
            by_name_and_family: true,
            ..Functions::default()
        };
        for family in [Family::Unspec, Family::Inet, Family::Inet6] {
            assert!(one.serve(family));
        }
    }

    /// An ld.so.cache of these libraries and paths.
    fn cache(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut strings = Vec::new();
        let base = 48 + entries.len() * 24;
        let mut table = Vec::new();
        for text in entries {
            table.extend(0x0303u32.to_ne_bytes());
            for part in [text.0, text.1] {
                table.extend(((base + strings.len()) as u32).to_ne_bytes());
                strings.extend(part.as_bytes());
                strings.push(0);
            }
            table.extend([0; 12]);
        }
        let mut file = b"glibc-ld.so.cache1.1".to_vec();
        file.extend((entries.len() as u32).to_ne_bytes());
        file.resize(48, 0);
        file.extend(table);
        file.extend(strings);
        file
    }

    #[test]
    fn the_cache_gives_every_path_of_a_library() {
        let cache = cache(&[
            ("libnss_foo.so.2", "/opt/lib/libnss_foo.so.2"),
            ("libnss_foobar.so.2", "/opt/lib/libnss_foobar.so.2"),
            ("libnss_foo.so.2", "/opt/lib32/libnss_foo.so.2"),
        ]);
        let paths = |cache| -> Vec<&[u8]> {
            let known = entries(cache).filter(|(name, _)| *name == b"libnss_foo.so.2");
            known.map(|(_, path)| path).collect()
        };
        assert_eq!(
            paths(&cache),
            [
                &b"/opt/lib/libnss_foo.so.2"[..],
                b"/opt/lib32/libnss_foo.so.2"
            ]
        );
        assert_eq!(entries(&cache).count(), 3);
        for end in 0..cache.len() {
            paths(&cache[..end]);
        }
    }

    #[test]
    fn a_name_with_a_slash_is_a_path() {
        assert_eq!(
            candidates("libnss_../x.so.2"),
            [Path::new("libnss_../x.so.2")]
        );
    }

    #[test]
    fn a_library_for_another_machine_does_not_count() {
        let own = own_kind();
        let file = std::fs::read("/proc/self/exe").unwrap();
        assert!(is_loadable(&file, own));
        let mut other = file;
        other[18] ^= 0xff;
        assert!(!is_loadable(&other, own));
        assert!(!is_loadable(b"", own) && !is_loadable(b"# text", None));
    }

    #[test]
    fn a_service_that_nobody_has_is_no_module() {
        assert_eq!(functions("no-such-service"), None);
    }
}
